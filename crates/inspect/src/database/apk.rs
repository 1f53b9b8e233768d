//! Alpine's database of installed packages, `lib/apk/db/installed`: stanzas of `K:value` (apk-package(5)).

use super::{Record, Records, lines, value};
use crate::layers::Reason;
use crate::package::Source;

/// Reads a database.
pub fn read(bytes: &[u8], records: &mut Records) -> Result<(), Reason> {
    let mut stanza = Stanza::default();
    // An empty line ends a stanza, as does the file.
    for line in lines(bytes).chain([b"".as_slice()]) {
        match line {
            b"" => {
                if let Some(record) = std::mem::take(&mut stanza).record() {
                    records.push(record)?;
                }
            }
            [b'P', b':', name @ ..] => stanza.name = value(name),
            [b'V', b':', version @ ..] => stanza.version = value(version),
            [b'o', b':', origin @ ..] => stanza.origin = value(origin),
            [b'L', b':', license @ ..] => stanza.license = value(license),
            _ => {}
        }
    }
    Ok(())
}

#[derive(Default)]
struct Stanza {
    name: Option<String>,
    version: Option<String>,
    origin: Option<String>,
    license: Option<String>,
}

impl Stanza {
    fn record(self) -> Option<Record> {
        let mut record = Record::new("apk", self.name?, self.version?);
        // The packages of one origin are built together, and have its version.
        let source = self.origin.filter(|origin| *origin != record.name);
        record.source = source.map(|name| Source { name, version: None });
        record.license = self.license;
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::testing::records;

    fn packages(text: &str) -> Vec<Record> {
        records(read, text)
    }

    #[test]
    fn a_package_has_its_origin_and_its_licence() {
        let text = "C:Q1abc=\nP:libcrypto3\nV:3.3.2-r4\nA:x86_64\nL:Apache-2.0\no:openssl\nF:usr/lib\nR:libcrypto.so.3\n\n\
                    P:musl\nV:1.2.5-r9\no:musl\n";
        let [crypto, musl] = packages(text).try_into().unwrap();
        assert_eq!((crypto.name.as_str(), crypto.version.as_str()), ("libcrypto3", "3.3.2-r4"));
        assert_eq!(crypto.license.as_deref(), Some("Apache-2.0"));
        assert_eq!(crypto.source, Some(Source { name: "openssl".to_owned(), version: None }));
        assert_eq!(musl, Record::new("apk", "musl", "1.2.5-r9"));
    }

    #[test]
    fn what_has_no_name_or_no_version_is_no_package() {
        assert_eq!(packages("P:a\n\nV:1\n\n\n\nP:\nV:\n\nP:b\nV:2"), [Record::new("apk", "b", "2")]);
        assert_eq!(packages(""), []);
        assert_eq!(packages("\u{0}\u{1}\u{2}"), []);
    }

    #[test]
    fn more_packages_than_there_is_room_for_are_refused() {
        let mut records = Records::with_room(1000);
        let error = read("P:a\nV:1\n\n".repeat(100).as_bytes(), &mut records).unwrap_err();
        assert_eq!(error, Reason::Packages { limit: 1000 });
    }
}
