//! Where a profile's answers are known from. The citations stand once, beside the answers, and are read from there: the text of
//! each profile is compiled in. It does not judge them; the tests of this folder ask that there is one for each answer that needs it.

/// What the profile cites for the answer `field`; empty: nothing.
pub fn cited(profile: &str, field: &str) -> String {
    let (mut comment, wanted) = (Vec::new(), format!("{field}: "));
    for line in text(profile).lines().map(str::trim) {
        match line.strip_prefix("// ") {
            Some(words) => comment.push(words),
            None if line.starts_with(&wanted) => return comment.join(" "),
            None => comment.clear(),
        }
    }
    String::new()
}

/// What the brackets in the citations stand for, one source each.
pub fn listed(profile: &str) -> Vec<String> {
    let lines = text(profile).lines().filter_map(|line| line.strip_prefix("//! - "));
    lines.map(|line| line.replace(['`', '<', '>'], "")).collect()
}

fn text(profile: &str) -> &'static str {
    TEXTS.iter().find(|(name, _)| *name == profile).map_or("", |(_, text)| text)
}

const TEXTS: [(&str, &str); 14] = [
    ("custom", include_str!("custom.rs")),
    ("strict", include_str!("strict.rs")),
    ("entra", include_str!("entra.rs")),
    ("okta", include_str!("okta.rs")),
    ("onelogin", include_str!("onelogin.rs")),
    ("oracle", include_str!("oracle.rs")),
    ("keycloak", include_str!("keycloak.rs")),
    ("google", include_str!("google.rs")),
    ("aws", include_str!("aws.rs")),
    ("jumpcloud", include_str!("jumpcloud.rs")),
    ("ping", include_str!("ping.rs")),
    ("miniorange", include_str!("miniorange.rs")),
    ("authentik", include_str!("authentik.rs")),
    ("rauthy", include_str!("rauthy.rs")),
];
