//! The parsers of what registries write, for the fuzz targets. It is no part of the interface.

use std::time::Duration;

use crate::transport::{auth, token};

/// Reads a `WWW-Authenticate` header: each scheme, in lower case, with its parameters in the order in which they stand.
pub fn challenges(header: &str) -> Vec<(String, Vec<(String, String)>)> {
    auth::parse(header).into_iter().map(|written| (written.scheme, written.parameters)).collect()
}

/// Writes challenges as [`challenges`] reads them.
pub fn write_challenges(challenges: &[(String, Vec<(String, String)>)]) -> String {
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let parameter = |(name, value): &(String, String)| format!("{name}=\"{}\"", quoted(value));
    let challenge = |(scheme, parameters): &(String, Vec<(String, String)>)| {
        let parameters: Vec<String> = parameters.iter().map(parameter).collect();
        format!("{scheme} {}", parameters.join(","))
    };
    challenges.iter().map(challenge).collect::<Vec<_>>().join(", ")
}

/// Reads what a token service answers: the token, and how long it is good for.
pub fn token(body: &[u8]) -> Result<(String, Duration), &'static str> {
    token::parse(body).map(|given| (given.token, given.lifetime))
}
