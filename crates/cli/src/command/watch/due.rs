//! The document that a command gets of a move.

use camino::Utf8Path;
use imagelock_core::text::escape_json;
use serde::Serialize;
use serde_json::Value;

use crate::report::Change;

/// A move that is to be told.
pub(super) struct Due<'c> {
    change: &'c Change,
    line: String,
}

#[derive(Serialize)]
struct Document<'d> {
    #[serde(flatten)]
    change: &'d Change,
    /// The folder of the project file.
    project: &'d Utf8Path,
}

impl<'c> Due<'c> {
    /// The move that a change of a locked image is.
    pub(super) fn of(change: &'c Change, project: &Utf8Path) -> Option<Self> {
        let json = serde_json::to_string(&Document { change, project }).ok()?;
        (change.from.is_some() && change.to.is_some()).then(|| Self { change, line: escape_json(&json) + "\n" })
    }

    pub(super) fn change(&self) -> &Change {
        self.change
    }

    /// A line of JSON.
    pub(super) fn line(&self) -> &str {
        &self.line
    }
}

/// The tag and the digest that a document says that an image moves to. Nothing where it is none of ours.
pub(super) fn leads_to(line: &str) -> Option<(Option<String>, String)> {
    let document: Value = serde_json::from_str(line).ok()?;
    let to = document.get("to")?;
    let text = |key: &str| to.get(key).and_then(Value::as_str).map(str::to_owned);
    Some((text("tag"), text("digest")?))
}

/// The document of a move whose command was killed, which may have done what it does.
pub(super) fn again(line: &str) -> String {
    match serde_json::from_str(line) {
        Ok(Value::Object(mut document)) => {
            document.insert("again".to_owned(), Value::Bool(true));
            escape_json(&Value::Object(document).to_string()) + "\n"
        }
        _ => line.to_owned(),
    }
}
