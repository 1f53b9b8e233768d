//! Pinning what was fetched: the hash and the day of an entry of `[advisories]` or `[endoflife]`.

use toml_edit::{DocumentMut, Item, TableLike, Value};

use super::{EditError, split_mark, with_ends_of};
use crate::digest::Digest;
use crate::update::Day;

/// What an entry is pinned to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin<'p> {
    /// `advisories` or `endoflife`.
    pub table: &'static str,
    /// The entry.
    pub name: &'p str,
    /// What its file hashes to.
    pub sha256: &'p Digest,
    /// The day on which it was fetched.
    pub date: Option<Day>,
}

/// Returns the text with these entries pinned; everything else stays as it is written. `prefix` are the tables around them: none
/// in `images.toml`.
///
/// ```
/// use imagelock_core::Digest;
/// use imagelock_core::project::{Pin, pin_snapshots};
///
/// let text = "[advisories] # ours\nwolfi = { file = \"wolfi.json\", url = \"https://x.example/wolfi\" }\n";
/// let (sha256, date) = (Digest::sha256(b"{}"), "2026-11-24".parse().ok());
/// let pin = Pin { table: "advisories", name: "wolfi", sha256: &sha256, date };
/// let after = pin_snapshots(text, &[], &[pin])?;
/// let pinned = format!(", sha256 = \"{}\", date = \"2026-11-24\" }}\n", sha256.hex());
/// assert_eq!(after, text.replace(" }\n", &pinned));
/// # Ok::<(), imagelock_core::project::EditError>(())
/// ```
pub fn pin_snapshots(text: &str, prefix: &[&'static str], pins: &[Pin<'_>]) -> Result<String, EditError> {
    let (mark, body) = split_mark(text);
    let mut document: DocumentMut = body.parse()?;
    for pin in pins {
        let absent = || EditError::Unclear(format!("{}.{}", pin.table, pin.name));
        let way = prefix.iter().copied().chain([pin.table, pin.name]);
        let entry = way.into_iter().try_fold(document.as_item_mut(), |item, key| item.get_mut(key));
        let entry = entry.and_then(Item::as_table_like_mut).ok_or_else(absent)?;
        set(entry, "sha256", pin.sha256.hex());
        if let Some(date) = pin.date {
            set(entry, "date", &date.to_string());
        }
    }
    Ok(format!("{mark}{}", with_ends_of(body, &document)))
}

/// Gives a key another value and leaves what stands around it.
fn set(entry: &mut dyn TableLike, key: &str, text: &str) {
    if let Some(old) = entry.get_mut(key).and_then(Item::as_value_mut) {
        let decor = old.decor().clone();
        *old = Value::from(text);
        *old.decor_mut() = decor;
        return;
    }
    // The space in front of a closing brace belongs to the value that was the last.
    let last = entry.iter().last().map(|(key, _)| key.to_owned());
    let last = last.and_then(|key| entry.get_mut(&key)).and_then(Item::as_value_mut);
    let behind = last.map(|value| {
        let behind = value.decor().suffix().and_then(|suffix| suffix.as_str()).unwrap_or_default().to_owned();
        if behind.trim().is_empty() {
            value.decor_mut().set_suffix("");
        }
        behind
    });
    entry.insert(key, toml_edit::value(text));
    let added = entry.get_mut(key).and_then(Item::as_value_mut);
    if let (Some(value), Some(behind)) = (added, behind.filter(|behind| behind.trim().is_empty())) {
        value.decor_mut().set_suffix(behind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pinned(text: &str, prefix: &[&'static str]) -> Result<String, String> {
        let sha256 = Digest::sha256(b"");
        let pin =
            Pin { table: "endoflife", name: "debian", sha256: &sha256, date: Some("2026-11-24".parse().unwrap()) };
        pin_snapshots(text, prefix, &[pin]).map_err(|error| error.to_string())
    }

    #[test]
    fn what_stands_around_a_pin_stays() {
        let hex = Digest::sha256(b"").hex().to_owned();
        let old = "0".repeat(64);
        for (before, after) in [
            (
                format!("# a\n[endoflife]\ndebian = {{ file = 'x', sha256 = '{old}' }} # b\n"),
                format!("# a\n[endoflife]\ndebian = {{ file = 'x', sha256 = \"{hex}\", date = \"2026-11-24\" }} # b\n"),
            ),
            (
                format!("[endoflife.debian]\r\nfile = 'x'\r\nsha256 = '{old}' # c\r\ndate = 2026-01-01\r\n"),
                format!("[endoflife.debian]\r\nfile = 'x'\r\nsha256 = \"{hex}\" # c\r\ndate = \"2026-11-24\"\r\n"),
            ),
            (
                "[endoflife.debian]\nurl = 'https://x.example' # d\nfile = 'x'\n\n[images]\na = 'b'\n".to_owned(),
                format!(
                    "[endoflife.debian]\nurl = 'https://x.example' # d\nfile = 'x'\nsha256 = \"{hex}\"\ndate = \"2026-11-24\"\n\n[images]\na = 'b'\n"
                ),
            ),
        ] {
            assert_eq!(pinned(&before, &[]), Ok(after));
        }
        let metadata = "[workspace.metadata.images.endoflife]\ndebian.file = 'x'\n";
        assert!(pinned(metadata, &["workspace", "metadata", "images"]).unwrap().contains(&hex));
    }

    #[test]
    fn what_is_not_there_cannot_be_pinned() {
        for text in ["", "[endoflife]\n", "endoflife = 1\n", "[endoflife]\ndebian = 1\n", "[[endoflife]]\n"] {
            assert_eq!(pinned(text, &[]).unwrap_err(), "nothing can be added to `endoflife.debian` as it is written");
        }
    }
}
