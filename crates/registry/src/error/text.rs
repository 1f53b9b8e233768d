//! How what others wrote, and lists of things, stand in an error.

use imagelock_core::{Platform, Tag};

/// The most that is repeated of a server's message, in bytes.
pub(super) const MESSAGE_BYTES: usize = 1024;

/// Cuts and cleans what a server wrote, so that it can stand in an error on a terminal.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for character in text.trim().chars() {
        let character = if character.is_control() { ' ' } else { character };
        if quoted.len() + character.len_utf8() > MESSAGE_BYTES {
            break;
        }
        quoted.push(character);
    }
    quoted
}

pub(super) fn newest_text(tags: &[Tag]) -> String {
    if tags.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = tags.iter().map(Tag::as_str).collect();
    format!("; the newest are {}", names.join(", "))
}

pub(super) fn colon(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

pub(super) fn list(platforms: &[Platform]) -> String {
    let names: Vec<String> = platforms.iter().map(ToString::to_string).collect();
    names.join(", ")
}
