//! What somebody makes of a good signature who may write to the registry.

use std::collections::BTreeMap;

use imagelock_core::Digest;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{EVIDENCE_BYTES, EvidenceError, MOST, ROOT_BYTES, lines};

fn is_refused(world: &World, trust: &Trust, evidence: Evidence) -> bool {
    matches!(world.verdict(trust, &[evidence]), Verdict::Refused(_))
}

/// A text with spaces behind it, which mean nothing in JSON.
fn padded(text: &str, length: usize) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(length, b' ');
    bytes
}

#[test]
fn an_entry_of_another_signature_does_not_stand_for_this_one() {
    // GHSA-whqx-f9j3-ch6m: what a log says of another signature, by anybody, is no word for this one.
    let ours = Instance::new();
    let own = ours.person(WORKFLOW, ISSUER);
    let world = World::of(&[], &[("ours", &ours)]);
    let trust = trust(vec![identity(WORKFLOW, ISSUER)]);
    let (payload, other) = (paid(&image()), paid(&Digest::sha256(b"other")));
    let (signature, again) = (own.sign(&payload), own.sign(&payload));
    let stranger = ours.person("evil@example.com", ISSUER);
    for (what, entry) in [
        ("another image", ours.entry_of_payload(&own, &other, &own.sign(&other), NOON)),
        ("another signature", ours.entry_of_payload(&own, &payload, &again, NOON)),
        ("another signer", ours.entry_of_payload(&stranger, &payload, &signature, NOON)),
        ("another format", ours.entry_of_statement(&own, &payload, &signature, NOON)),
    ] {
        assert!(is_refused(&world, &trust, layer(&payload, &own, &signature, Some(&entry))), "{what}");
    }
    let statement = signed(&image());
    let signature = own.sign(&testing::preauthenticated(&statement));
    for (what, entry) in [
        ("another statement", ours.entry_of_statement(&own, &signed(&Digest::sha256(b"other")), &signature, NOON)),
        ("another signer", ours.entry_of_statement(&stranger, &statement, &signature, NOON)),
        ("another format", ours.entry_of_payload(&own, &statement, &signature, NOON)),
    ] {
        let evidence = Evidence::read(&testing::bundle(&own, &statement, &signature, Some(&entry))).unwrap();
        assert!(is_refused(&world, &trust, evidence), "{what}");
    }
}

#[test]
fn a_key_in_the_place_of_a_certificate_asks_nobody_for_an_identity() {
    // GHSA-fx35-mq7g-6g98: a public key where a certificate belongs, so that no identity is compared.
    let ours = Instance::new();
    let evil = Hand::with_key();
    let world = World::of(&[], &[("ours", &ours)]);
    let anybody = trust(vec![identity("^.*$", "^.*$")]);
    let payload = paid(&image());
    let signature = evil.sign(&payload);
    let entry = ours.entry_of_payload(&evil, &payload, &signature, NOON);
    assert!(is_refused(&world, &anybody, layer(&payload, &evil, &signature, Some(&entry))), "without a certificate");
    let mut annotations = testing::annotations(&evil, &signature, Some(&entry));
    for pem in [evil.pem(), evil.pem().replace("PUBLIC KEY", "CERTIFICATE"), "-----BEGIN CERTIFICATE-----".to_owned()] {
        annotations.insert("dev.sigstore.cosign/certificate".to_owned(), pem);
        let read = Evidence::of_layer(SIMPLE, &payload, &annotations);
        assert!(read.is_err() || is_refused(&world, &anybody, read.unwrap()));
    }
    let statement = signed(&image());
    let signature = evil.sign(&testing::preauthenticated(&statement));
    let entry = ours.entry_of_statement(&evil, &statement, &signature, NOON);
    let evidence = Evidence::read(&testing::bundle(&evil, &statement, &signature, Some(&entry))).unwrap();
    assert!(is_refused(&world, &anybody, evidence));
}

#[test]
fn what_was_taken_out_of_a_bundle_is_missed() {
    let ours = Instance::new();
    let own = ours.person(WORKFLOW, ISSUER);
    let world = World::of(&[], &[("ours", &ours)]);
    let demanded = trust(vec![identity(WORKFLOW, ISSUER)]);
    let waived = without_log(vec![identity(WORKFLOW, ISSUER)]);
    let good: Value = serde_json::from_slice(bundle(&own, Some(&ours), &signed(&image())).bytes()).unwrap();
    let entry = "/verificationMaterial/tlogEntries/0";
    for (at, key, may_be_waived) in [
        ("/verificationMaterial", "tlogEntries", false),
        ("/verificationMaterial", "certificate", false),
        (entry, "inclusionProof", true),
        (entry, "inclusionPromise", false),
        (entry, "integratedTime", false),
        (entry, "canonicalizedBody", false),
        ("/dsseEnvelope", "signatures", false),
        ("", "dsseEnvelope", false),
    ] {
        let mut stripped = good.clone();
        stripped.pointer_mut(at).unwrap().as_object_mut().unwrap().remove(key).unwrap();
        let read = Evidence::read(stripped.to_string().as_bytes());
        let refused = |trust| read.as_ref().map_or(true, |read| is_refused(&world, trust, read.clone()));
        assert!(refused(&demanded), "{key}");
        assert_eq!(refused(&waived), !may_be_waived, "{key}");
    }
}

#[test]
fn a_bundle_that_calls_itself_older_gains_nothing() {
    let ours = Instance::new();
    let own = ours.person(WORKFLOW, ISSUER);
    let world = World::of(&[], &[("ours", &ours)]);
    let trust = trust(vec![identity(WORKFLOW, ISSUER)]);
    let good: Value = serde_json::from_slice(bundle(&own, Some(&ours), &signed(&image())).bytes()).unwrap();
    for version in ["bundle+json;version=0.1", "bundle+json;version=0.2", "bundle.v0.4+json", "bundle"] {
        let mut other = good.clone();
        other["mediaType"] = json!(format!("application/vnd.dev.sigstore.{version}"));
        other["verificationMaterial"]["tlogEntries"] = json!([]);
        let read = Evidence::read(other.to_string().as_bytes());
        assert!(read.is_err() || is_refused(&world, &trust, read.unwrap()), "{version}");
    }
}

#[test]
fn what_is_cut_or_changed_in_one_byte_is_no_signature() {
    let ours = Instance::new();
    let person = ours.person(WORKFLOW, ISSUER);
    let world = World::of(&[], &[("ours", &ours)]);
    let trust = trust(vec![identity(WORKFLOW, ISSUER)]);
    for good in [bundle(&person, Some(&ours), &signed(&image())), simple(&person, Some(&ours), &paid(&image()))] {
        let bytes = good.bytes();
        for end in (0..bytes.len()).step_by(97) {
            assert!(Evidence::read(&bytes[..end]).is_err(), "cut at {end}");
        }
        let mut accepted = 0;
        for at in (0..bytes.len()).step_by(11) {
            let mut changed = bytes.to_vec();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            if let Ok(read) = Evidence::read(&changed)
                && !is_refused(&world, &trust, read)
            {
                accepted += 1;
            }
        }
        // Names of keys that nobody reads, such as the hash of an envelope, may change; what was signed may not.
        assert!(accepted * 20 < bytes.len() / 11, "{accepted} of {}", bytes.len() / 11);
    }
}

#[test]
fn what_is_too_large_too_deep_or_too_many_is_refused_before_it_is_judged() {
    let own = Hand::with_key();
    let one = String::from_utf8(bundle(&own, None, &signed(&image())).bytes().to_vec()).unwrap();
    let most = usize::try_from(EVIDENCE_BYTES).unwrap();
    assert!(Evidence::read(&padded(&one, most)).is_ok());
    let bytes = most + 1;
    assert_eq!(Evidence::read(&padded(&one, bytes)).unwrap_err(), EvidenceError::TooLarge { bytes });
    let deep = format!(r#"{{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","x":{}"#, "[".repeat(100_000));
    assert!(Evidence::read(deep.as_bytes()).is_err());
    for other in ["", "{}", "[]", r#"{"mediaType":7}"#, r#"{"mediaType":"application/jose+json"}"#] {
        assert!(Evidence::read(other.as_bytes()).is_err(), "{other}");
    }
    let file = |count: usize| vec![one.clone(); count].join("\r\n\n");
    assert_eq!(lines(file(MOST).as_bytes()).unwrap().len(), MOST);
    assert!(lines(file(MOST + 1).as_bytes()).is_err());
    assert_eq!(lines(b"\n").unwrap().len(), 0);
}

#[test]
fn keys_and_roots_that_are_none_are_refused() {
    let own = Hand::with_key();
    assert!(Key::read(own.pem().as_bytes()).is_ok());
    assert!(Key::read(format!("\r\n{}\r\n", own.pem()).as_bytes()).is_ok());
    for odd in [String::new(), own.pem().repeat(2), own.pem().replace("PUBLIC", "PRIVATE"), "\u{1b}[31m".to_owned()] {
        assert!(Key::read(odd.as_bytes()).is_err(), "{odd}");
    }
    let ours = Instance::new();
    let mut roots = Roots::default();
    roots.add("lines", format!("{}\n{}\n", ours.root(), Instance::new().root()).as_bytes()).unwrap();
    for odd in ["", "{}", "[]", r#"{"mediaType":"application/json"}"#, &ours.root().replace("MF", "MG")] {
        assert!(roots.add("odd", odd.as_bytes()).is_err(), "{odd}");
    }
    let told = Roots::tell(ours.root().as_bytes()).unwrap();
    assert_eq!(told.len(), 2);
    assert!(told[0].starts_with("certificate authority https://ca.example (2023-01-01T00:00:00Z to …) "), "{told:?}");
}

#[test]
fn a_file_of_roots_has_a_bound_in_bytes_and_one_in_roots() {
    let root = Instance::new().root();
    let told = |text: &[u8]| Roots::tell(text).map(|told| told.len());
    let of_one = told(root.as_bytes()).unwrap();
    let most = usize::try_from(ROOT_BYTES).unwrap();
    assert_eq!(told(&padded(&root, most)), Ok(of_one));
    let error = told(&padded(&root, most + 1)).unwrap_err().to_string();
    assert!(error.ends_with("it has 1048577 bytes, and 1048576 are read"), "{error}");
    let lines = |count: usize| format!("{root}\n\n").repeat(count);
    assert_eq!(told(lines(16).as_bytes()), Ok(16 * of_one));
    assert!(told(lines(17).as_bytes()).is_err());
}

proptest! {
    #[test]
    fn no_bytes_are_evidence_by_chance(bytes in proptest::collection::vec(any::<u8>(), 0..400), text in ".{0,200}") {
        prop_assert!(Evidence::read(&bytes).is_err());
        prop_assert!(lines(text.as_bytes()).is_err() || text.trim_ascii().is_empty());
        prop_assert!(Key::read(text.as_bytes()).is_err());
    }

    #[test]
    fn annotations_of_any_kind_make_no_signature(
        values in proptest::collection::vec(".{0,80}", 4),
        payload in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        let own = Hand::with_key();
        let keys = ["dev.cosignproject.cosign/signature", "dev.sigstore.cosign/certificate", "dev.sigstore.cosign/bundle",
            "dev.sigstore.cosign/rfc3161timestamp"];
        let annotations: BTreeMap<String, String> = keys.iter().map(|key| (*key).to_owned()).zip(values).collect();
        if let Ok(evidence) = Evidence::of_layer(SIMPLE, &payload, &annotations) {
            let kept = Evidence::read(evidence.bytes()).unwrap();
            prop_assert_eq!(kept.digest(), evidence.digest());
            let world = World::of(&[("cosign.pub", &own)], &[]);
            prop_assert!(is_refused(&world, &without_log(vec![key("cosign.pub")]), evidence));
        }
    }
}
