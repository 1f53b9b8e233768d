//! The seal in the head of a generated file: a hash of its content, by which a change by hand is noticed.

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_core::Digest;

/// What a template writes where the seal belongs.
pub const PLACEHOLDER: &str = "imagelock-seal:0000000000000000";

const MARK: &str = "imagelock-seal:";
const DIGITS: usize = 16;
/// The seal stands in the head; what looks like one further down is content.
const HEAD: usize = 1024;

/// Whether a file is as imagelock wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seal {
    /// It is.
    Intact,
    /// imagelock wrote it, and somebody changed it since.
    Broken,
    /// imagelock did not write it.
    Absent,
}

/// The head of a generated file has no place for the seal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the head of `{path}` lacks `{PLACEHOLDER}`: its template must write it in the first {HEAD} bytes")]
pub struct SealError {
    path: Utf8PathBuf,
}

pub(crate) fn seal(path: &Utf8Path, text: &str) -> Result<String, SealError> {
    let at = find(text.as_bytes()).filter(|&at| text[at..].starts_with(PLACEHOLDER));
    let at = at.ok_or_else(|| SealError { path: path.to_owned() })?;
    let digits = at + MARK.len()..at + MARK.len() + DIGITS;
    let mut sealed = text.to_owned();
    sealed.replace_range(digits, &hash(text.as_bytes()));
    Ok(sealed)
}

impl Seal {
    /// Looks at the content of a file. Line ends that version control converted do not break a seal.
    pub fn of(content: &[u8]) -> Self {
        let Some(at) = find(content) else { return Self::Absent };
        let digits = at + MARK.len()..at + MARK.len() + DIGITS;
        let Some(found) = content.get(digits.clone()).map(<[u8]>::to_vec) else { return Self::Broken };
        let mut blank = content.to_vec();
        blank[digits].fill(b'0');
        let lines: Vec<u8> = String::from_utf8_lossy(&blank).replace("\r\n", "\n").into_bytes();
        if found == hash(&lines).into_bytes() || found == hash(&blank).into_bytes() {
            Self::Intact
        } else {
            Self::Broken
        }
    }
}

fn find(content: &[u8]) -> Option<usize> {
    let head = &content[..content.len().min(HEAD)];
    head.windows(MARK.len()).position(|window| window == MARK.as_bytes())
}

fn hash(content: &[u8]) -> String {
    Digest::sha256(content).hex()[..DIGITS].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> String {
        seal(Utf8Path::new("x"), &format!("# {PLACEHOLDER}\na: 1\n")).unwrap()
    }

    #[test]
    fn a_file_as_it_was_written_is_intact() {
        assert_eq!(Seal::of(sealed().as_bytes()), Seal::Intact);
        assert_eq!(Seal::of(sealed().replace('\n', "\r\n").as_bytes()), Seal::Intact);
    }

    #[test]
    fn a_change_by_hand_breaks_the_seal() {
        assert_eq!(Seal::of(sealed().replace("a: 1", "a: 2").as_bytes()), Seal::Broken);
        assert_eq!(Seal::of(format!("# {MARK}0").as_bytes()), Seal::Broken);
    }

    #[test]
    fn a_file_of_somebody_else_has_none() {
        assert_eq!(Seal::of(b"a: 1\n"), Seal::Absent);
        assert_eq!(Seal::of(format!("{}{PLACEHOLDER}", " ".repeat(HEAD)).as_bytes()), Seal::Absent);
        assert_eq!(Seal::of(b""), Seal::Absent);
    }

    #[test]
    fn a_template_without_a_place_for_the_seal_is_refused() {
        assert!(seal(Utf8Path::new("x"), "a: 1\n").is_err());
    }
}
