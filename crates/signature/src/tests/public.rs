//! Bundles that the public instance and GitHub's have logged and stamped: what no test can make.

use imagelock_core::Digest;
use sigstore_verify::trust_root::SIGSTORE_STAGING_TRUSTED_ROOT;

use super::*;
use crate::known;

const CONDA: &str = "https://schemas.conda.org/attestations-publish-1.schema.json";
const LOGIN: &str = "https://github.com/login/oauth";

fn world() -> World {
    let mut roots = Roots::default();
    for name in ["public-good", "github"] {
        roots.add(name, known(name).unwrap().as_bytes()).unwrap();
    }
    roots.add("staging", SIGSTORE_STAGING_TRUSTED_ROOT.as_bytes()).unwrap();
    let key = Key::read(include_bytes!("vectors/managed-key.pub")).unwrap();
    World { keys: vec![("managed.pub".into(), key)], roots }
}

/// The verdict on an image that has the digest which the bundle is about.
fn verdict(trust: &Trust, hex: &str, bytes: &[u8]) -> Verdict {
    verdict_with(&[], trust, hex, bytes)
}

/// Likewise, where the image has platforms.
fn verdict_with(platforms: &[Digest], trust: &Trust, hex: &str, bytes: &[u8]) -> Verdict {
    let digest = format!("sha256:{hex}").parse().unwrap();
    let subject = Subject { repository: None, digest, platforms: platforms.iter().cloned().collect() };
    world().judge(trust).unwrap().judge(&subject, &[Evidence::read(bytes).unwrap()])
}

fn is_signed(trust: &Trust, hex: &str, bytes: &[u8]) -> bool {
    matches!(verdict(trust, hex, bytes), Verdict::Signed(_))
}

fn of_kind(mut signer: Spanned<Signer>, kind: &str) -> Spanned<Signer> {
    signer.value.predicate = Some(kind.to_owned());
    signer
}

const PACKAGE: &str = "54303491a8418fbed24344b513546182c29b43bf282ceb433af65e2299f9271f";

#[test]
fn a_statement_of_a_workflow_in_the_first_log_verifies_for_its_workflow_alone() {
    let bytes = include_bytes!("vectors/conda-attestation.sigstore.json");
    let workflow = "https://github.com/prefix-dev/sigstore-example/.github/workflows/action.yaml@refs/heads/main";
    let own = |workflow: &str| trust(vec![of_kind(identity(workflow, ISSUER), CONDA)]);
    assert!(is_signed(&own(workflow), PACKAGE, bytes));
    assert!(!is_signed(&own("https://github.com/prefix-dev/other"), PACKAGE, bytes));
    assert!(!is_signed(&own(workflow), Digest::sha256(b"other").hex(), bytes));
    let bound = |root: &str| {
        let mut signer = of_kind(identity(workflow, ISSUER), CONDA);
        if let By::Identity { root: name, .. } = &mut signer.value.by {
            *name = Some(root.to_owned());
        }
        trust(vec![signer])
    };
    assert!(is_signed(&bound("public-good"), PACKAGE, bytes));
    assert!(!is_signed(&bound("github"), PACKAGE, bytes));
}

#[test]
fn a_statement_in_the_second_log_verifies_by_its_timestamp() {
    let bytes = include_bytes!("vectors/conda-attestation-rekor2.sigstore.json");
    let own = |who: &str| trust(vec![of_kind(identity(who, LOGIN), CONDA)]);
    assert!(is_signed(&own("jku@goto.fi"), PACKAGE, bytes));
    assert!(!is_signed(&own("other@goto.fi"), PACKAGE, bytes));
    let mut changed: serde_json::Value = serde_json::from_slice(bytes).unwrap();
    changed["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"] = serde_json::json!([]);
    assert!(!is_signed(&own("jku@goto.fi"), PACKAGE, changed.to_string().as_bytes()), "without its timestamp");
}

#[test]
fn githubs_own_instance_has_no_log_and_that_has_to_be_written() {
    let bytes = include_bytes!("vectors/github-private-attestation.sigstore.json");
    let hex = "76f1fe8593bf227cca2c089e3c16dc95014a8d3e89c5dd220530469ca043c428";
    let kind: serde_json::Value = serde_json::from_slice(bytes).unwrap();
    let payload = kind["dsseEnvelope"]["payload"].as_str().unwrap();
    let payload = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, payload).unwrap();
    let kind = imagelock_core::oci::Statement::read(&payload).unwrap().predicate_type;
    let signer = of_kind(identity("https://dotcom.releases.github.com", "^.*$"), &kind);
    assert!(!is_signed(&trust(vec![signer.clone()]), hex, bytes));
    assert!(is_signed(&without_log(vec![signer]), hex, bytes));
}

#[test]
fn a_key_in_the_public_log_verifies_with_its_key() {
    let bytes = include_bytes!("vectors/managed-key.sigstore.json");
    let hex = Digest::sha256(include_bytes!("vectors/managed-key.txt")).hex().to_owned();
    assert!(is_signed(&trust(vec![key("managed.pub")]), &hex, bytes));
    assert!(!is_signed(&trust(vec![key("managed.pub")]), Digest::sha256(b"other").hex(), bytes));
    assert!(!is_signed(&trust(vec![identity("^.*$", "^.*$")]), &hex, bytes), "a key is no identity");
}

#[test]
fn the_signature_of_a_blob_by_cosign_three_verifies() {
    let bytes = include_bytes!("vectors/cosign-v3-blob.sigstore.json");
    let hex = "e194b99df6639501325c5f44da79fe3a8efae6f239bd79443a19787e06fb1764";
    assert!(is_signed(&trust(vec![identity("w.vollprecht@gmail.com", LOGIN)]), hex, bytes));
    let other = trust(vec![identity("other@gmail.com", LOGIN)]);
    assert!(!is_signed(&other, hex, bytes));
    // What is told is why it is no signature of the image itself, whatever its platforms are.
    let platforms = [b"a", b"b"].map(|name| Digest::sha256(name));
    let Verdict::Refused(refused) = verdict_with(&platforms, &other, hex, bytes) else { panic!("signed") };
    assert_eq!(refused[0].reasons[0].1.to_string(), format!("it is by `w.vollprecht@gmail.com` of `{LOGIN}`"));
}

#[test]
fn an_entry_that_is_about_something_else_is_refused() {
    // CVE-2022-36056, which later came back in other clothes.
    let bytes = include_bytes!("vectors/cve-2022-36056.sigstore.json");
    let anybody = trust(vec![identity("^.*$", "^.*$")]);
    let message: serde_json::Value = serde_json::from_slice(bytes).unwrap();
    let said = message["messageSignature"]["messageDigest"]["digest"].as_str().unwrap();
    let said = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, said).unwrap();
    let hex = said.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    assert!(!is_signed(&anybody, &hex, bytes));
}

#[test]
fn two_signatures_in_one_envelope_are_none() {
    assert!(Evidence::read(include_bytes!("vectors/dsse-2sigs.sigstore.json")).is_err());
}
