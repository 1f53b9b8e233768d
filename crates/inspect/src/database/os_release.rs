//! Which distribution an image is: `etc/os-release` (os-release(5)).

use super::{lines, value};

/// A distribution, as it names itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OsRelease {
    /// `ID`: `debian`, `alpine`, `wolfi`; `linux` where it is not said.
    pub id: String,
    /// `ID_LIKE`: the distributions that it is built on, the closest first.
    pub id_like: Vec<String>,
    /// `VERSION_ID`: `12`, `3.22.1`; absent where there are no versions.
    pub version_id: Option<String>,
    /// `VERSION_CODENAME`: `bookworm`.
    pub codename: Option<String>,
    /// `PRETTY_NAME`: the name for people.
    pub pretty_name: Option<String>,
}

impl OsRelease {
    /// Reads the file. Lines that are no assignment say nothing, as they say nothing to a shell.
    pub fn read(bytes: &[u8]) -> Self {
        let mut os =
            Self { id: String::new(), id_like: Vec::new(), version_id: None, codename: None, pretty_name: None };
        for line in lines(bytes) {
            let line = line.trim_ascii();
            let Some(equals) = line.iter().position(|byte| *byte == b'=') else { continue };
            let text = unquoted(&line[equals + 1..]);
            match &line[..equals] {
                b"ID" => os.id = text.unwrap_or_default(),
                b"ID_LIKE" => {
                    os.id_like = text.iter().flat_map(|ids| ids.split_whitespace()).map(ToOwned::to_owned).collect();
                }
                b"VERSION_ID" => os.version_id = text,
                b"VERSION_CODENAME" => os.codename = text,
                b"PRETTY_NAME" => os.pretty_name = text,
                _ => {}
            }
        }
        if os.id.is_empty() {
            "linux".clone_into(&mut os.id);
        }
        os
    }

    /// The namespace of purls of its packages of a type, as the lists of scanners have it.
    pub fn namespace(&self, kind: &str) -> &str {
        match (kind, self.id.as_str()) {
            ("rpm", "rhel") => "redhat",
            ("rpm", id) if id.starts_with("opensuse") => "opensuse",
            (_, id) => id,
        }
    }
}

/// What a shell takes a value for: quotes go, and a backslash stands for what follows it.
fn unquoted(text: &[u8]) -> Option<String> {
    let mut plain = Vec::with_capacity(text.len());
    let mut quote = None;
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match (byte, quote) {
            (b'"' | b'\'', None) => quote = Some(*byte),
            (byte, Some(open)) if *byte == open => quote = None,
            (b'\\', None | Some(b'"')) => plain.extend(bytes.next()),
            _ => plain.push(*byte),
        }
    }
    value(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_is_read() {
        let text = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n# ID=no\nVERSION_ID=\"12\"\r\nVERSION_CODENAME=bookworm\nID=debian\n";
        let os = OsRelease::read(text.as_bytes());
        assert_eq!((os.id.as_str(), os.version_id.as_deref()), ("debian", Some("12")));
        assert_eq!(os.codename.as_deref(), Some("bookworm"));
        assert_eq!(os.pretty_name.as_deref(), Some("Debian GNU/Linux 12 (bookworm)"));
        assert_eq!(os.namespace("deb"), "debian");
    }

    #[test]
    fn quotes_and_backslashes_are_a_shells() {
        let os = OsRelease::read(
            br#"ID='al"ma'
ID_LIKE="rhel \"centos\" fedora"
VERSION_ID=
PRETTY_NAME="a \$b `c\`""#,
        );
        assert_eq!((os.id.as_str(), os.version_id), ("al\"ma", None));
        assert_eq!(os.id_like, ["rhel", "\"centos\"", "fedora"]);
        assert_eq!(os.pretty_name.as_deref(), Some("a $b `c`"));
    }

    #[test]
    fn what_says_nothing_is_some_linux() {
        assert_eq!(OsRelease::read(b"\xff\x00=\n====\n").id, "linux");
    }

    #[test]
    fn namespaces_are_those_of_scanners() {
        let namespace = |id: &str| OsRelease::read(format!("ID={id}").as_bytes()).namespace("rpm").to_owned();
        assert_eq!(namespace("rhel"), "redhat");
        assert_eq!(namespace("opensuse-leap"), "opensuse");
        assert_eq!(namespace("fedora"), "fedora");
    }
}
