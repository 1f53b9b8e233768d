//! The parsers of what registries write, for the fuzz targets. It is no part of the interface.

use std::time::Duration;

use imagelock_core::Tag;
use url::Url;

use crate::document::{self, Config};
use crate::transport::{auth, token};
use crate::{link, list};

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

/// Reads an index or a manifest, and returns its media type.
pub fn media_type(document: &[u8]) -> Result<&'static str, String> {
    document::read(document).map(|(_, media_type)| media_type).map_err(|error| error.to_string())
}

/// Whether a document is a Docker manifest of schema 1.
pub fn is_schema1(document: &[u8]) -> bool {
    document::is_schema1(document)
}

/// Whether a document is an image's configuration.
pub fn is_config(document: &[u8]) -> bool {
    Config::read(document).is_ok()
}

/// Reads the `index.json` of a layout, and returns how many entries it has. Or says what is wrong with it.
pub fn layout_index(document: &[u8]) -> Result<usize, String> {
    document::entries(document).map(|entries| entries.len())
}

/// Reads a `Link` header: the target of the next page, as it is written; nothing where the header is no list of links.
pub fn next_link(header: &str) -> Option<&str> {
    link::next(header).ok().flatten()
}

/// The address that a link of the list at `list` leads to, which differs from the list's own in its query alone.
pub fn follow_link(list: &Url, target: &str) -> Result<Url, &'static str> {
    link::follow(list, target)
}

/// Reads a page of a list of at most `most` tags: the tags as they stand, and how many names are none.
pub fn tags(page: &[u8], most: usize) -> Result<(Vec<Tag>, u64), String> {
    match list::read(page, most) {
        Ok(page) => Ok((page.tags, page.invalid)),
        Err(error) => Err(format!("{error:?}")),
    }
}
