//! What is read of a certificate, and which hosts it is for.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};

use super::*;

#[test]
fn a_certificate_is_described() {
    for (algorithm, text) in
        [(&PKCS_ECDSA_P256_SHA256, "ECDSA P-256"), (&PKCS_ECDSA_P384_SHA384, "ECDSA P-384"), (&PKCS_ED25519, "Ed25519")]
    {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let names = ["scim.example.com", "*.example.org", "192.0.2.1", "2001:db8::1"].map(str::to_owned);
        let mut params = CertificateParams::new(names).unwrap();
        params.serial_number = Some(vec![1, 0xab].into());
        let made = params.self_signed(&key).unwrap();
        let [described] = describe(&[made.der().clone()]).try_into().unwrap();
        assert_eq!(described.key.text(), text);
        assert_eq!(described.serial, "01ab");
        assert!(described.is_self_issued() && !described.is_authority);
        assert!(described.not_before_s < described.not_after_s);
        for host in ["scim.example.com", "SCIM.example.com.", "a.example.org", "192.0.2.1", "2001:db8::1"] {
            assert!(described.covers(host), "{host}");
        }
        for host in ["example.com", "x.scim.example.com", "example.org", "a.b.example.org", "192.0.2.2"] {
            assert!(!described.covers(host), "{host}");
        }
    }
    assert_eq!(describe(&[CertificateDer::from(vec![1, 2, 3])]), []);
}
