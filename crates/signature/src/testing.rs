//! Makes signatures of every kind for tests: a certificate authority, a transparency log, keys, and what cosign writes with
//! them. Nothing in here is verified by itself.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "only tests call it, and a panic is their failure")]

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imagelock_core::Digest;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData as _, SanType, SigningKey as _, date_time_ymd,
};
use serde_json::{Value, json};

/// Within the validity of every certificate that is made here: noon of the first day of 2024.
pub const NOON: i64 = 1_704_110_400;

/// A certificate authority and a transparency log.
pub struct Instance {
    authority: Issuer<'static, KeyPair>,
    certificate: Vec<u8>,
    log: KeyPair,
}

/// A hand that signs: with a key alone, or with one that a certificate is for.
pub struct Hand {
    key: KeyPair,
    certificate: Option<Vec<u8>>,
}

/// What stands in the log beside a signature.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// The annotation of cosign's.
    pub annotation: Value,
    /// The entry of a bundle.
    pub bundled: Value,
}

impl Default for Instance {
    fn default() -> Self {
        Self::new()
    }
}

impl Instance {
    /// Makes both.
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        (params.not_before, params.not_after) = (date_time_ymd(2023, 1, 1), date_time_ymd(2043, 1, 1));
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().to_vec();
        Self { authority: Issuer::new(params, key), certificate, log: KeyPair::generate().unwrap() }
    }

    /// Its `trusted_root.json`.
    pub fn root(&self) -> String {
        let log = self.log.subject_public_key_info();
        let since = json!({ "start": "2023-01-01T00:00:00Z" });
        json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [{
                "baseUrl": "https://log.example",
                "hashAlgorithm": "SHA2_256",
                "publicKey": {
                    "rawBytes": STANDARD.encode(&log),
                    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    "validFor": since,
                },
                "logId": { "keyId": STANDARD.encode(unhex(&Digest::sha256(&log))) },
            }],
            "certificateAuthorities": [{
                "subject": { "organization": "test", "commonName": "test" },
                "uri": "https://ca.example",
                "certChain": { "certificates": [{ "rawBytes": STANDARD.encode(&self.certificate) }] },
                "validFor": since,
            }],
        })
        .to_string()
    }

    /// A hand with a certificate for an address of a workflow or of mail, which an issuer vouched for.
    pub fn person(&self, identity: &str, issuer: &str) -> Hand {
        let mut params = CertificateParams::default();
        let name = identity.try_into().unwrap();
        params.subject_alt_names =
            vec![if identity.contains("://") { SanType::URI(name) } else { SanType::Rfc822Name(name) }];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        (params.not_before, params.not_after) = (date_time_ymd(2024, 1, 1), date_time_ymd(2024, 1, 2));
        // Fulcio's extension for the issuer: a text in DER.
        let mut text = vec![0x0c, u8::try_from(issuer.len()).unwrap()];
        text.extend(issuer.as_bytes());
        params.custom_extensions = vec![CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 57264, 1, 8], text)];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap().der().to_vec();
        Hand { key, certificate: Some(certificate) }
    }

    /// The entry of a signed payload, as it was logged at a time.
    pub fn entry_of_payload(&self, hand: &Hand, payload: &[u8], signature: &[u8], at: i64) -> Entry {
        let body = json!({
            "apiVersion": "0.0.1",
            "kind": "hashedrekord",
            "spec": {
                "data": { "hash": { "algorithm": "sha256", "value": Digest::sha256(payload).hex() } },
                "signature": {
                    "content": STANDARD.encode(signature),
                    "publicKey": { "content": STANDARD.encode(hand.verifier()) },
                },
            },
        });
        self.entry(&body, at)
    }

    /// The entry of a signed statement.
    pub fn entry_of_statement(&self, hand: &Hand, payload: &[u8], signature: &[u8], at: i64) -> Entry {
        let body = json!({
            "apiVersion": "0.0.1",
            "kind": "dsse",
            "spec": {
                "envelopeHash": { "algorithm": "sha256", "value": Digest::sha256(payload).hex() },
                "payloadHash": { "algorithm": "sha256", "value": Digest::sha256(payload).hex() },
                "signatures": [{ "signature": STANDARD.encode(signature), "verifier": STANDARD.encode(hand.verifier()) }],
            },
        });
        self.entry(&body, at)
    }

    fn entry(&self, body: &Value, at: i64) -> Entry {
        let bytes = body.to_string().into_bytes();
        let body = STANDARD.encode(&bytes);
        let id = Digest::sha256(&self.log.subject_public_key_info());
        let promised = format!(r#"{{"body":"{body}","integratedTime":{at},"logID":"{}","logIndex":7}}"#, id.hex());
        let promise = STANDARD.encode(self.log.sign(promised.as_bytes()).unwrap());
        // A log of one entry: the hash of its leaf is that of its tree (RFC 6962, section 2.1).
        let leaf = [&[0], bytes.as_slice()].concat();
        let root = STANDARD.encode(unhex(&Digest::sha256(&leaf)));
        let note = format!("log.example\n1\n{root}\n");
        let signed = [&unhex(&id)[..4], &self.log.sign(note.as_bytes()).unwrap()].concat();
        let note = format!("{note}\n— log.example {}\n", STANDARD.encode(signed));
        let payload = json!({ "body": body, "integratedTime": at, "logIndex": 7, "logID": id.hex() });
        Entry {
            annotation: json!({ "SignedEntryTimestamp": promise, "Payload": payload }),
            bundled: json!({
                "logIndex": "7",
                "logId": { "keyId": STANDARD.encode(unhex(&id)) },
                "kindVersion": payload_kind(&bytes),
                "integratedTime": at.to_string(),
                "inclusionPromise": { "signedEntryTimestamp": promise },
                "inclusionProof": {
                    "logIndex": "0",
                    "rootHash": root,
                    "treeSize": "1",
                    "hashes": [],
                    "checkpoint": { "envelope": note },
                },
                "canonicalizedBody": body,
            }),
        }
    }
}

impl Hand {
    /// One with a key alone.
    pub fn with_key() -> Self {
        Self { key: KeyPair::generate().unwrap(), certificate: None }
    }

    /// The public key, as people keep it.
    pub fn pem(&self) -> String {
        self.key.public_key_pem()
    }

    /// Signs bytes.
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.key.sign(bytes).unwrap()
    }

    fn certificate_pem(&self) -> Option<String> {
        let encoded = STANDARD.encode(self.certificate.as_ref()?);
        Some(format!("-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n"))
    }

    /// What a log records as who verifies.
    fn verifier(&self) -> String {
        self.certificate_pem().unwrap_or_else(|| self.pem())
    }
}

/// What cosign signed before there were bundles.
pub fn payload(reference: &str, digest: &str) -> Vec<u8> {
    let critical = json!({
        "identity": { "docker-reference": reference },
        "image": { "docker-manifest-digest": digest },
        "type": "cosign container image signature",
    });
    json!({ "critical": critical, "optional": null }).to_string().into_bytes()
}

/// The annotations of a layer of cosign's.
pub fn annotations(hand: &Hand, signature: &[u8], entry: Option<&Entry>) -> BTreeMap<String, String> {
    let mut all = BTreeMap::from([("dev.cosignproject.cosign/signature".to_owned(), STANDARD.encode(signature))]);
    all.extend(hand.certificate_pem().map(|pem| ("dev.sigstore.cosign/certificate".to_owned(), pem)));
    all.extend(entry.map(|entry| ("dev.sigstore.cosign/bundle".to_owned(), entry.annotation.to_string())));
    all
}

/// A statement about something, of a kind.
pub fn statement(name: &str, digest: &Digest, kind: &str) -> Vec<u8> {
    let subject = json!({ "name": name, "digest": { digest.algorithm().name(): digest.hex() } });
    json!({ "_type": "https://in-toto.io/Statement/v1", "subject": [subject], "predicateType": kind, "predicate": {} })
        .to_string()
        .into_bytes()
}

/// What is signed of a statement (DSSE, `protocol.md`).
pub fn preauthenticated(payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 28 application/vnd.in-toto+json {} ", payload.len());
    [head.as_bytes(), payload].concat()
}

/// A bundle of a signed statement.
pub fn bundle(hand: &Hand, payload: &[u8], signature: &[u8], entry: Option<&Entry>) -> Vec<u8> {
    let mut material = match &hand.certificate {
        Some(certificate) => json!({ "certificate": { "rawBytes": STANDARD.encode(certificate) } }),
        None => json!({ "publicKey": { "hint": "" } }),
    };
    material["tlogEntries"] = entry.map(|entry| entry.bundled.clone()).into_iter().collect();
    let envelope = json!({
        "payload": STANDARD.encode(payload),
        "payloadType": "application/vnd.in-toto+json",
        "signatures": [{ "sig": STANDARD.encode(signature) }],
    });
    json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": material,
        "dsseEnvelope": envelope,
    })
    .to_string()
    .into_bytes()
}

fn payload_kind(body: &[u8]) -> Value {
    let body: Value = serde_json::from_slice(body).unwrap();
    json!({ "kind": body["kind"], "version": body["apiVersion"] })
}

fn unhex(digest: &Digest) -> Vec<u8> {
    let hex = digest.hex();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}
