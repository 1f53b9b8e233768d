//! What others know, kept in files beside the project: the tables `[advisories]` and `[endoflife]`.
//!
//! Each entry names a file and its hash, so that the same commands say the same everywhere; `url` is where
//! `advisories update` fetches it anew. What is in the file is read by others.

use std::fmt;
use std::str::FromStr;

use camino::Utf8PathBuf;

use super::error::ProjectError;
use super::fields::Fields;
use super::node::Entry;
use crate::digest::Digest;
use crate::source::{Location, Spanned};
use crate::update::Day;

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The file, from the project file on; it is inside of the repository.
    pub file: Spanned<Utf8PathBuf>,
    /// What the file hashes to. Absent until it is fetched for the first time.
    pub sha256: Option<Digest>,
    /// Where it comes from.
    pub url: Option<Spanned<Address>>,
    /// The day on which it was fetched.
    pub date: Option<Day>,
    /// The name in the file.
    pub at: Location,
}

/// The address of a file: `https://` or `http://`, without a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(String);

/// A text that is no [`Address`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is of another kind.
    #[error("`url` is an address that starts with `https://` or `http://`")]
    Scheme,
    /// A user or a password stands in it.
    #[error("`url` has no login: whoever reads the repository reads it")]
    Login,
    /// Something stands in it that no address has.
    #[error("`url` has a host, and no spaces and no characters that nobody sees")]
    Shape,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let rest =
            text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or(AddressError::Scheme)?;
        let host = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        if host.contains('@') {
            return Err(AddressError::Login);
        }
        let odd = |c: char| !c.is_ascii_graphic() || matches!(c, '\\' | '"' | '<' | '>' | '`' | '{' | '}' | '|' | '^');
        if host.is_empty() || text.contains(odd) { Err(AddressError::Shape) } else { Ok(Self(text.to_owned())) }
    }
}

impl Address {
    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The digits of a SHA-256 alone, as `sha256sum` prints them.
struct Hex(Digest);

impl FromStr for Hex {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = format!("sha256:{text}").parse();
        read.map(Self)
            .map_err(|_| "`sha256` is the 64 lower-case hexadecimal digits that `sha256sum` prints".to_owned())
    }
}

/// Reads an entry of the table called `table`; `what` names the entry in errors.
pub(super) fn read(entry: &Entry, table: &str) -> Result<Snapshot, Vec<ProjectError>> {
    let what = format!("[{table}.{}]", entry.key);
    let mut fields = Fields::new(&entry.node, what).map_err(|error| vec![error])?;
    let file = if fields.required("file") { fields.path("file") } else { None };
    let has_hash = fields.has("sha256");
    let sha256 = fields.parsed::<Hex>("sha256").map(|hex| hex.value.0);
    let url = fields.parsed("url");
    let date = fields.day("date").map(|day| day.value);
    if !has_hash && !fields.has("url") {
        fields.missing("sha256");
    }
    fields.finish()?;
    // Without a file there is a mistake, and with one this returned before.
    let file = file.ok_or_else(Vec::new)?;
    Ok(Snapshot { file, sha256, url, date, at: entry.key_at.clone() })
}
