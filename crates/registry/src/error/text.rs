//! How what others wrote, lists of things and sizes stand in an error.

use imagelock_core::Tag;

/// The most that is repeated of a server's message, in bytes.
pub(crate) const MESSAGE_BYTES: usize = 1024;

/// How many platforms, or types, are listed.
pub(super) const LISTED: usize = 24;

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

pub(crate) fn colon(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

pub(super) fn list(things: &[impl ToString]) -> String {
    let mut names: Vec<String> = things.iter().take(LISTED).map(ToString::to_string).collect();
    names.extend(more(things.len()));
    names.join(", ")
}

/// What is said of platforms that are none, behind something else.
pub(super) fn unreadable_text(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("; {}", unreadable(names)) }
}

/// Says of texts that they are no platforms.
pub(super) fn unreadable(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("{} cannot be read as {}", list(&names), if names.len() == 1 { "a platform" } else { "platforms" })
}

/// What is said of the rest of a long list.
pub(super) fn more(count: usize) -> Option<String> {
    count.checked_sub(LISTED).filter(|more| *more > 0).map(|more| format!("{more} more"))
}

/// `4 MiB`, `1 KiB`, or bytes where it is neither.
pub(super) fn size(bytes: u64) -> String {
    match (bytes >> 20, bytes >> 10) {
        (mebibytes, _) if mebibytes > 0 && mebibytes << 20 == bytes => format!("{mebibytes} MiB"),
        (_, kibibytes) if kibibytes > 0 && kibibytes << 10 == bytes => format!("{kibibytes} KiB"),
        _ => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_wrote_is_cut_at_a_character_and_steers_no_terminal() {
        assert_eq!(quoted(" a\u{1b}[31m\nb\t"), "a [31m b");
        let (most, more) = ("x".repeat(MESSAGE_BYTES), "x".repeat(MESSAGE_BYTES + 1));
        assert_eq!((quoted(&most), quoted(&more)), (most.clone(), most));
        assert_eq!(quoted(&format!("x{}", "é".repeat(MESSAGE_BYTES))).len(), MESSAGE_BYTES - 1);
    }

    #[test]
    fn a_long_list_says_how_much_of_it_is_left_out() {
        let names = |count: usize| (0..count).map(|number| number.to_string()).collect::<Vec<_>>();
        assert!(list(&names(LISTED)).ends_with(", 22, 23"));
        assert!(list(&names(LISTED + 1)).ends_with(", 23, 1 more"));
        assert_eq!((list(&names(1)), list(&names(0))), ("0".to_owned(), String::new()));
        assert_eq!(unreadable_text(&names(0)), "");
        assert_eq!(unreadable_text(&names(1)), "; `0` cannot be read as a platform");
        assert_eq!(unreadable_text(&names(2)), "; `0`, `1` cannot be read as platforms");
    }

    #[test]
    fn sizes_are_written_as_people_say_them() {
        let sizes = [4 << 20, 20 << 10, 1 << 30, 1025 << 10, (1 << 20) + 1, 1025, 1000, 0].map(size);
        let words = ["4 MiB", "20 KiB", "1024 MiB", "1025 KiB", "1048577 bytes", "1025 bytes", "1000 bytes", "0 bytes"];
        assert_eq!(sizes, words);
    }
}
