//! Paths that stay inside the repository, on every operating system the same.

use camino::{Utf8Path, Utf8PathBuf};

/// Returns the path without `.` and `..` parts, empty for the folder itself, or why it does not stay inside.
pub(crate) fn normal(text: &str) -> Result<Utf8PathBuf, &'static str> {
    const OUTSIDE: &str = "is a path inside the repository, relative to the project file";
    if text.contains('\\') || text.chars().any(char::is_control) {
        return Err("is a path with `/` between its parts");
    }
    let drive = text.as_bytes().get(1) == Some(&b':') && text.starts_with(|c: char| c.is_ascii_alphabetic());
    if text.starts_with('/') || drive {
        return Err(OUTSIDE);
    }
    let mut parts = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop().ok_or(OUTSIDE)?),
            part => parts.push(part),
        }
    }
    Ok(parts.join("/").into())
}

/// Checks a path of a lock, which writes only normal ones.
pub(crate) fn checked(path: &Utf8Path, key: &str) -> Result<Utf8PathBuf, String> {
    match normal(path.as_str()) {
        Ok(normal) if !normal.as_str().is_empty() && normal.as_str() == path.as_str() => Ok(normal),
        Ok(_) => Err(format!("`{key}` has a path without empty, `.` and `..` parts")),
        Err(reason) => Err(format!("`{key}` {reason}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_the_same_however_it_is_written() {
        for text in ["a/b", "./a/b", "a//b/", "a/./b", "x/../a/b", "a/b/."] {
            assert_eq!(normal(text), Ok("a/b".into()), "{text}");
        }
        for text in ["", ".", "./", "a/.."] {
            assert_eq!(normal(text), Ok("".into()), "{text}");
        }
    }

    #[test]
    fn a_path_that_leaves_or_that_another_system_reads_otherwise_is_refused() {
        for text in ["..", "../a", "a/../../b", "/", "/etc", "C:/a", "c:a", "a\\b", "a\0b", "a\nb", "a\u{1b}[31m"] {
            assert!(normal(text).is_err(), "{text:?}");
        }
    }
}
