//! Chains of every kind, good and bad, and what is said of them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256,
    PKCS_ED25519,
};
use tempfile::TempDir;

use super::super::Verdict;
use super::*;

type Signer = (Certificate, Issuer<'static, KeyPair>);

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(["scim.example.com".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_after = certificate::time(crate::clock::now_ms() + 90 * 86_400_000).into();
    params
}

fn authority(name: &str, above: Option<&Signer>) -> Signer {
    let key = KeyPair::generate().unwrap();
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let made = match above {
        Some((_, issuer)) => params.signed_by(&key, issuer).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    (made, Issuer::new(params, key))
}

fn leaf(above: &Signer) -> Certificate {
    params("the server").signed_by(&KeyPair::generate().unwrap(), &above.1).unwrap()
}

fn chain(certificates: &[&Certificate]) -> Chain {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("chain.pem");
    fs::write(&path, certificates.iter().map(|certificate| certificate.pem()).collect::<String>()).unwrap();
    chain::read(&path).unwrap()
}

#[test]
fn a_chain_is_complete_or_it_is_said_what_is_missing() {
    let root = authority("Root", None);
    let middle = authority("Middle", Some(&root));
    let server = leaf(&middle);
    let direct = leaf(&root);
    let stranger = authority("Stranger", None);
    let trusted = chain::describe(&[root.0.der().clone()]).remove(0).subject;
    let table: [(&[&Certificate], Verdict, &str); 8] = [
        (&[&server, &middle.0], Verdict::Ok, "which this machine trusts"),
        (&[&server, &middle.0, &root.0], Verdict::Ok, "which this machine trusts"),
        (&[&direct], Verdict::Ok, "which this machine trusts"),
        (&[&server], Verdict::Problem, "its issuer, \"CN=Middle\", is not in it"),
        (&[&server, &root.0, &middle.0], Verdict::Problem, "is not signed by the next one"),
        (&[&server, &stranger.0], Verdict::Problem, "is not signed by the next one"),
        (&[&stranger.0], Verdict::Warning, "signed itself"),
        (&[&leaf(&stranger), &stranger.0], Verdict::Warning, "which this machine does not trust"),
    ];
    for (certificates, result, text) in table {
        let finding = complete(&chain(certificates), std::slice::from_ref(&trusted));
        assert_eq!(finding.result, result, "{finding:?}");
        assert!(finding.text.contains(text), "{finding:?}");
        assert_eq!(finding.advice.is_empty(), result == Verdict::Ok, "{finding:?}");
    }
    let order = complete(&chain(&[&server, &root.0, &middle.0]), &[]);
    assert!(order.advice.contains("put them in order"), "{order:?}");
    let unknown = complete(&chain(&[&server, &middle.0]), &[]);
    assert!(unknown.result == Verdict::Warning && unknown.text.contains("CN=Root"), "{unknown:?}");
}

#[test]
fn names_time_and_key_are_judged() {
    let root = authority("Root", None);
    let chain = chain(&[&leaf(&root)]);
    let first = &chain.certificates[0];
    assert_eq!(names(first, Some("scim.example.com"), false).result, Verdict::Ok);
    assert_eq!(names(first, Some("other.example.com"), false).result, Verdict::Problem);
    assert_eq!(names(first, None, false).result, Verdict::Warning);
    assert_eq!(names(first, Some("other.example.com"), true).result, Verdict::Warning);
    let nameless = Described { dns: Vec::new(), ips: Vec::new(), ..first.clone() };
    assert_eq!(names(&nameless, None, false).result, Verdict::Problem);

    let end_ms = first.not_after_s * 1_000;
    for (days, result) in [(40, Verdict::Ok), (20, Verdict::Warning), (-1, Verdict::Problem)] {
        assert_eq!(time(&chain, end_ms - days * 86_400_000, false).result, result, "{days}");
    }
    assert_eq!(time(&chain, first.not_before_s * 1_000 - 1_000, false).result, Verdict::Problem);
    assert_eq!(signatures(&chain).result, Verdict::Ok);
    let mut weak = chain.clone();
    weak.certificates[0].signature = "1.2.840.113549.1.1.5".to_owned();
    assert_eq!(signatures(&weak).result, Verdict::Problem);
}

#[test]
fn the_key_decides_which_suites_of_entras_list_are_left() {
    let with = |key| {
        let made = params("a").self_signed(&KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()).unwrap();
        key_and_suites(&Described { key, ..chain::one(made.der()).unwrap() })
    };
    let ecdsa = with(Key::Ecdsa(256));
    assert_eq!(ecdsa.result, Verdict::Ok);
    assert!(ecdsa.text.contains("ECDHE_ECDSA_WITH_AES_256_GCM_SHA384") && !ecdsa.text.contains("_RSA_"), "{ecdsa:?}");
    let rsa = with(Key::Rsa(2_048));
    assert!(rsa.text.contains("ECDHE_RSA_WITH_AES_256_GCM_SHA384") && rsa.text.contains("(2 more"), "{rsa:?}");
    for bad in [Key::Rsa(1_024), Key::Ecdsa(192), Key::Ed25519, Key::Other] {
        assert_eq!(with(bad).result, Verdict::Problem, "{bad:?}");
    }
    let ed25519 = params("a").self_signed(&KeyPair::generate_for(&PKCS_ED25519).unwrap()).unwrap();
    assert_eq!(chain::one(ed25519.der()).unwrap().key, Key::Ed25519);
}
