//! Sigstore's own suite of conformance: a folder for each case, whose name ends in `_fail` where nobody may accept it.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imagelock_core::Digest;
use imagelock_core::oci::Statement;
use serde_json::Value;

use super::*;
use crate::known;

/// Who has signed where a case does not say.
const BEACON: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";

/// Whether the case of a folder is a signature of its artifact.
fn is_signed(folder: &Path, artifact: &[u8]) -> bool {
    let read = |name: &str| fs::read(folder.join(name)).ok();
    let text = |name: &str| read(name).map(|bytes| String::from_utf8(bytes).unwrap().trim().to_owned());
    let bundle = read("bundle.sigstore.json").unwrap();
    let mut roots = Roots::default();
    let root = read("trusted_root.json").unwrap_or_else(|| known("public-good").unwrap().as_bytes().to_vec());
    if roots.add("root", &root).is_err() {
        return false;
    }
    let Ok(own) = read("key.pub").map(|pem| Key::read(&pem)).transpose() else { return false };
    let keys: Vec<_> = own.into_iter().map(|key| ("key.pub".into(), key)).collect();
    let mut signer = if keys.is_empty() {
        let who = text("identity").unwrap_or_else(|| BEACON.to_owned());
        identity(&who, &text("issuer").unwrap_or_else(|| ISSUER.to_owned()))
    } else {
        key("key.pub")
    };
    signer.value.predicate = predicate(&bundle);
    let Ok(evidence) = Evidence::read(&bundle) else { return false };
    let artifact = read("artifact").unwrap_or_else(|| artifact.to_vec());
    let subject = Subject { repository: None, digest: Digest::sha256(&artifact), platforms: [].into() };
    let trust = trust(vec![signer]);
    let verdict = World { keys, roots }.judge(&trust).unwrap().judge(&subject, &[evidence]);
    matches!(verdict, Verdict::Signed(_))
}

/// What a statement is of: the suite asks for none in particular.
fn predicate(bundle: &[u8]) -> Option<String> {
    let bundle: Value = serde_json::from_slice(bundle).ok()?;
    let payload = STANDARD.decode(bundle["dsseEnvelope"]["payload"].as_str()?).ok()?;
    Some(Statement::read(&payload).ok()?.predicate_type)
}

#[test]
fn each_case_of_the_suite_is_judged_as_its_name_says() {
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/vectors/conformance");
    let artifact = fs::read(suite.join("a.txt")).unwrap();
    let mut folders: Vec<_> = fs::read_dir(&suite).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    assert_eq!(folders.len(), 70);
    let is_wrong = |folder: &&PathBuf| is_signed(folder, &artifact) == folder.to_string_lossy().ends_with("_fail");
    let wrong: Vec<_> = folders.iter().filter(is_wrong).map(|folder| folder.file_name().unwrap()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
