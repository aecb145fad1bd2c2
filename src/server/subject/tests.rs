//! Names from text and from certificates, and which of them are the same.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::*;

fn certificate(parts: &[(DnType, &str)]) -> Option<Subject> {
    let mut name = DistinguishedName::new();
    for (kind, value) in parts {
        name.push(kind.clone(), *value);
    }
    let mut params = CertificateParams::default();
    params.distinguished_name = name;
    let made = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    let (_, parsed) = X509Certificate::from_der(made.der()).unwrap();
    Subject::of(parsed.subject())
}

#[test]
fn a_text_names_the_certificate_in_both_directions_and_no_other() {
    let held = certificate(&[(DnType::OrganizationName, "Example, Inc"), (DnType::CommonName, "monitoring")]).unwrap();
    assert_eq!(held.to_string(), "O=Example\\, Inc,CN=monitoring");
    let same = ["CN=monitoring,O=Example\\, Inc", " o = Example\\, Inc , 2.5.4.3=monitoring"];
    for text in same {
        assert!(held.is(&text.parse().unwrap()), "{text}");
    }
    let others = [
        "CN=monitoring",
        "CN=Monitoring,O=Example\\, Inc",
        "CN=monitoring,O=Example",
        "CN=monitoring,O=Example\\, Inc,C=CH",
        "CN=monitoring,OU=Example\\, Inc",
    ];
    for text in others {
        assert!(!held.is(&text.parse().unwrap()), "{text}");
    }
    assert_eq!(certificate(&[]), None);
}

#[test]
fn what_is_no_name_is_refused() {
    for (text, why) in [
        ("", "is not an attribute"),
        ("monitoring", "is not an attribute"),
        ("CN=", "CN has no value"),
        ("CN=a,", "is not an attribute"),
        ("XY=a", "\"XY\" is no attribute"),
    ] {
        let problem = text.parse::<Subject>().unwrap_err();
        assert!(problem.contains(why), "{problem}");
    }
}

#[test]
fn texts_are_split_outside_of_escapes() {
    assert_eq!(split("a;b\\;c;;d\\\\;e", ';'), ["a", "b\\;c", "", "d\\\\", "e"]);
    let name: Subject = "CN=a\\;b\\\\c".parse().unwrap();
    assert_eq!(name.to_string(), "CN=a\\;b\\\\c");
}
