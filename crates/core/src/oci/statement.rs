//! What somebody says about an image (in-toto attestation framework, `statement.md` and `envelope.md`).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::OciError;
use crate::digest::Digest;

/// What a statement is about.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Subject {
    /// Digests without the name of their algorithm, by that name.
    #[serde(default)]
    pub digest: BTreeMap<String, String>,
}

/// A statement about an image, of which the predicate is read by who knows its type.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Statement {
    /// What it is about.
    #[serde(default)]
    pub subject: Vec<Subject>,
    /// What it says, by an address that names the kind.
    #[serde(rename = "predicateType")]
    pub predicate_type: String,
}

#[derive(Deserialize)]
struct Said<T> {
    predicate: T,
}

/// An envelope of a signed statement, alone (DSSE) or in a bundle of Sigstore's. Nothing in it was verified.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// The statement, in base64.
    #[serde(default)]
    pub payload: String,
    dsse_envelope: Option<Box<Self>>,
}

impl Statement {
    /// Reads what a statement is about, and of which kind it is.
    pub fn read(bytes: &[u8]) -> Result<Self, OciError> {
        serde_json::from_slice(bytes).map_err(|error| OciError::new(format!("not a statement: {error}")))
    }

    /// Reads what a statement says, as the kind that it is.
    pub fn predicate<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, OciError> {
        let said: Result<Said<T>, _> = serde_json::from_slice(bytes);
        said.map(|said| said.predicate)
            .map_err(|error| OciError::new(format!("not what the statement should be: {error}")))
    }

    /// Whether it is about content of that digest.
    pub fn is_about(&self, digest: &Digest) -> bool {
        let named =
            |subject: &Subject| subject.digest.get(digest.algorithm().name()).is_some_and(|hex| hex == digest.hex());
        self.subject.iter().any(named)
    }
}

impl Envelope {
    /// Reads an envelope, and returns the one that holds a payload.
    pub fn read(bytes: &[u8]) -> Result<Self, OciError> {
        let envelope: Self =
            serde_json::from_slice(bytes).map_err(|error| OciError::new(format!("not an envelope: {error}")))?;
        match envelope.dsse_envelope {
            Some(inner) if envelope.payload.is_empty() => Ok(*inner),
            _ => Ok(envelope),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_names_what_it_is_about_and_its_kind_wherever_that_stands() {
        let digest = Digest::sha256(b"image");
        let text = format!(
            r#"{{"_type":"https://in-toto.io/Statement/v0.1","predicate":{{"a":[1]}},"subject":[{{"name":"x","digest":
            {{"sha256":"{}"}}}}],"predicateType":"https://spdx.dev/Document"}}"#,
            digest.hex()
        );
        let statement = Statement::read(text.as_bytes()).unwrap();
        assert_eq!(statement.predicate_type, "https://spdx.dev/Document");
        assert!(statement.is_about(&digest) && !statement.is_about(&Digest::sha256(b"other")));
        let said: BTreeMap<String, Vec<u8>> = Statement::predicate(text.as_bytes()).unwrap();
        assert_eq!(said["a"], [1]);
        assert!(Statement::predicate::<Vec<u8>>(text.as_bytes()).is_err());
        for odd in ["", "[]", "{}", r#"{"predicateType":7}"#, &"[".repeat(100_000)] {
            assert!(Statement::read(odd.as_bytes()).is_err());
        }
    }

    #[test]
    fn an_envelope_is_found_alone_and_in_a_bundle() {
        let payload = |text: &str| Envelope::read(text.as_bytes()).map(|envelope| envelope.payload);
        assert_eq!(payload(r#"{"payload":"aGk=","signatures":[]}"#), Ok("aGk=".to_owned()));
        assert_eq!(payload(r#"{"mediaType":"x","dsseEnvelope":{"payload":"aGk="}}"#), Ok("aGk=".to_owned()));
        assert_eq!(payload("{}"), Ok(String::new()));
        assert!(payload("[]").is_err());
    }
}
