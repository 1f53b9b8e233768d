//! The header of a package as the database has it: a number of entries, the size of the data, the entries, the data
//! (the RPM manual, "RPM V4 Package format", without the magic number that files have).

use super::record;
use crate::database::{Record, value};

const NAME: u32 = 1000;
const VERSION: u32 = 1001;
const RELEASE: u32 = 1002;
const EPOCH: u32 = 1003;
const LICENSE: u32 = 1014;
const SOURCE_RPM: u32 = 1044;

/// The types of values that are read.
const INT32: u32 = 4;
const STRING: u32 = 6;

/// More entries than any package has: RPM's own bound (`HEADER_TAGS_MAX`).
const ENTRIES: usize = 0xFFFF;

/// Reads a header. `None` where it is none, `Some(None)` where it is no package's.
pub fn read(bytes: &[u8]) -> Option<Option<Record>> {
    let count = usize::try_from(number(bytes, 0)?).ok().filter(|count| *count <= ENTRIES)?;
    let size = usize::try_from(number(bytes, 4)?).ok()?;
    let entries = bytes.get(8..8 + count * 16)?;
    let data = bytes.get(8 + count * 16..)?.get(..size)?;
    let header = Header { entries, data };
    let name = header.text(NAME)?;
    let (version, release) = (header.text(VERSION)?, header.text(RELEASE)?);
    let epoch = header.find(EPOCH, INT32).and_then(|data| number(data, 0)).unwrap_or(0);
    let Some(mut record) = record(name, epoch, &version, &release, header.text(SOURCE_RPM).as_deref()) else {
        return Some(None);
    };
    record.license = header.text(LICENSE);
    Some(Some(record))
}

struct Header<'a> {
    entries: &'a [u8],
    data: &'a [u8],
}

impl<'a> Header<'a> {
    /// The data from where the value of a tag begins, if it has this type.
    fn find(&self, tag: u32, kind: u32) -> Option<&'a [u8]> {
        let entry = self.entries.chunks_exact(16).find(|entry| number(entry, 0) == Some(tag))?;
        if number(entry, 4)? != kind {
            return None;
        }
        self.data.get(usize::try_from(number(entry, 8)?).ok()?..)
    }

    fn text(&self, tag: u32) -> Option<String> {
        let data = self.find(tag, STRING)?;
        let end = data.iter().position(|byte| *byte == 0)?;
        value(&data[..end])
    }
}

/// A number of four bytes, the most significant first.
fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A header of these tags: texts, and numbers where the type is `INT32`.
    pub(crate) fn header(tags: &[(u32, &str)]) -> Vec<u8> {
        let (mut entries, mut data) = (Vec::new(), Vec::new());
        for (tag, text) in tags {
            let (kind, bytes) = match tag {
                &EPOCH => (INT32, text.parse::<u32>().unwrap().to_be_bytes().to_vec()),
                _ => (STRING, [text.as_bytes(), b"\0"].concat()),
            };
            for number in [*tag, kind, u32::try_from(data.len()).unwrap(), 1] {
                entries.extend(number.to_be_bytes());
            }
            data.extend(bytes);
        }
        let sizes = [tags.len(), data.len()].map(|size| u32::try_from(size).unwrap().to_be_bytes());
        [sizes.concat(), entries, data].concat()
    }

    pub(crate) const CURL: [(u32, &str); 6] = [
        (NAME, "libcurl"),
        (VERSION, "8.6.0"),
        (RELEASE, "1.fc40"),
        (EPOCH, "1"),
        (LICENSE, "curl"),
        (SOURCE_RPM, "curl-8.6.0-1.fc40.src.rpm"),
    ];

    #[test]
    fn a_package_has_its_epoch_its_source_and_its_licence() {
        let record = read(&header(&CURL)).unwrap().unwrap();
        assert_eq!((record.name.as_str(), record.version.as_str()), ("libcurl", "1:8.6.0-1.fc40"));
        let source = record.source.unwrap();
        assert_eq!((source.name.as_str(), source.version), ("curl", None));
        assert_eq!(record.license.as_deref(), Some("curl"));
    }

    #[test]
    fn a_key_that_signed_packages_is_no_package() {
        let key = header(&[(NAME, "gpg-pubkey"), (VERSION, "a"), (RELEASE, "b")]);
        assert_eq!(read(&key), Some(None));
    }

    #[test]
    fn a_header_that_is_cut_or_lies_about_its_sizes_is_none() {
        let whole = header(&CURL);
        for length in 0..whole.len() {
            assert_eq!(read(&whole[..length]), None, "{length}");
        }
        for at in [0, 3, 4, 7] {
            let mut wrong = whole.clone();
            wrong[at] = 0xFF;
            assert_eq!(read(&wrong), None, "{at}");
        }
    }
}
