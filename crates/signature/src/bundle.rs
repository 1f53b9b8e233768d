//! What cosign kept in annotations before there were bundles, as a bundle: so that one judge reads both.
//!
//! Nothing is verified here, and nothing is left out that would have to be: a certificate, an entry of a log or a timestamp
//! that is there and cannot be read is an error.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use sigstore_verify::types::{Bundle, DerCertificate};

use crate::evidence::short;

const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
const ENTRY: &str = "dev.sigstore.cosign/bundle";
const TIMESTAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";

/// The log's answer (`specs/SIGNATURE_SPEC.md`, "bundle").
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    signed_entry_timestamp: String,
    payload: Payload,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    body: String,
    integrated_time: i64,
    log_index: u64,
    #[serde(rename = "logID")]
    log_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    kind: String,
    api_version: String,
}

#[derive(Deserialize)]
struct Timestamp {
    #[serde(rename = "SignedRFC3161Timestamp")]
    signed: String,
}

/// The bundle of a signed payload.
pub(crate) fn of_simple(annotations: &BTreeMap<String, String>) -> Result<Bundle, String> {
    let signature = annotations.get(SIGNATURE).ok_or_else(|| format!("there is no annotation `{SIGNATURE}`"))?;
    compose("messageSignature", &json!({ "signature": signature }), annotations)
}

/// The bundle of a signed statement.
pub(crate) fn of_envelope(envelope: &[u8], annotations: &BTreeMap<String, String>) -> Result<Bundle, String> {
    let envelope: Value = serde_json::from_slice(envelope).map_err(|error| format!("no envelope: {error}"))?;
    compose("dsseEnvelope", &envelope, annotations)
}

fn compose(key: &str, content: &Value, annotations: &BTreeMap<String, String>) -> Result<Bundle, String> {
    let entry = annotations.get(ENTRY).filter(|text| !text.is_empty()).map(|text| entry(text)).transpose()?;
    // The first version of bundles asks for the log's promise, which is all that there was; the second does not.
    let version = if entry.is_some() { "0.1" } else { "0.2" };
    let mut material = match annotations.get(CERTIFICATE).filter(|text| !text.is_empty()) {
        Some(pem) => json!({ "x509CertificateChain": { "certificates": [{ "rawBytes": certificate(pem)? }] } }),
        None => json!({ "publicKey": { "hint": "" } }),
    };
    material["tlogEntries"] = entry.into_iter().collect();
    if let Some(text) = annotations.get(TIMESTAMP).filter(|text| !text.is_empty()) {
        let Timestamp { signed } = serde_json::from_str(text).map_err(|error| format!("no timestamp: {error}"))?;
        material["timestampVerificationData"] = json!({ "rfc3161Timestamps": [{ "signedTimestamp": signed }] });
    }
    let bundle = json!({
        "mediaType": format!("application/vnd.dev.sigstore.bundle+json;version={version}"),
        "verificationMaterial": material,
        key: content,
    });
    Bundle::from_json(&bundle.to_string()).map_err(|error| short(&error.to_string()))
}

/// The certificate alone: those above it are the trust root's to name. Where a key stands in its place, it is no certificate,
/// and must not become a signature that no identity is asked of (GHSA-fx35-mq7g-6g98).
fn certificate(pem: &str) -> Result<String, String> {
    if !pem.trim_start().starts_with("-----BEGIN CERTIFICATE-----") {
        return Err(format!("what stands in `{CERTIFICATE}` is no certificate"));
    }
    let read =
        DerCertificate::from_pem(pem).map_err(|error| format!("no certificate: {}", short(&error.to_string())))?;
    Ok(read.to_base64())
}

fn entry(text: &str) -> Result<Value, String> {
    let Entry { signed_entry_timestamp, payload } =
        serde_json::from_str(text).map_err(|error| format!("no entry of a log: {error}"))?;
    let body = STANDARD.decode(&payload.body).map_err(|error| format!("no entry of a log: {error}"))?;
    let Body { kind, api_version } =
        serde_json::from_slice(&body).map_err(|error| format!("no entry of a log: {error}"))?;
    let key_id = hex(&payload.log_id).ok_or("no entry of a log: its `logID` is no hexadecimal number")?;
    Ok(json!({
        "logIndex": payload.log_index.to_string(),
        "logId": { "keyId": STANDARD.encode(key_id) },
        "kindVersion": { "kind": kind, "version": api_version },
        "integratedTime": payload.integrated_time.to_string(),
        "inclusionPromise": { "signedEntryTimestamp": signed_entry_timestamp },
        "canonicalizedBody": payload.body,
    }))
}

fn hex(text: &str) -> Option<Vec<u8>> {
    // A number may have a sign, and half a byte at the end has no second digit to be read with.
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(with: &[(&str, &str)]) -> BTreeMap<String, String> {
        let all = [(SIGNATURE, "c2ln")].iter().chain(with);
        all.map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_stands_beside_a_signature_and_cannot_be_read_is_an_error_and_what_is_empty_is_nothing() {
        assert!(of_simple(&BTreeMap::new()).is_err(), "without a signature");
        for key in [CERTIFICATE, ENTRY, TIMESTAMP] {
            assert!(of_simple(&signed(&[(key, "x")])).is_err(), "{key}");
            assert!(of_simple(&signed(&[(key, "{}")])).is_err(), "{key}");
            assert!(of_simple(&signed(&[(key, "")])).is_ok(), "{key}");
        }
    }

    #[test]
    fn a_timestamp_comes_along() {
        let bundle = of_simple(&signed(&[(TIMESTAMP, r#"{"SignedRFC3161Timestamp":"dGltZQ=="}"#)])).unwrap();
        let stamps = bundle.verification_material.timestamp_verification_data.rfc3161_timestamps;
        assert_eq!(stamps.iter().map(|stamp| stamp.signed_timestamp.as_bytes()).collect::<Vec<_>>(), [b"time"]);
    }

    #[test]
    fn the_key_of_a_log_is_whole_bytes_in_hexadecimal() {
        assert_eq!(hex("00fFa1"), Some(vec![0, 255, 161]));
        for odd in ["abc", "+1", "0x", "\u{e9}", " 1"] {
            assert_eq!(hex(odd), None, "{odd}");
        }
    }
}
