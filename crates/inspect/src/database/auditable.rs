//! The list that `cargo auditable` leaves in an executable: JSON, compressed by zlib, in the section `.dep-v0`.

use std::io::Read as _;

use flate2::read::ZlibDecoder;
use serde::Deserialize;

use super::{Record, Records};
use crate::layers::Reason;

/// The section that has it.
pub(super) const SECTION: &[u8] = b".dep-v0";

/// The largest list that is read, in bytes, once it is decompressed: a thousand times that of a small program.
const LARGEST: u64 = 2 * 1024 * 1024;

const BROKEN: Reason = Reason::Format("its list of crates is broken");

#[derive(Deserialize)]
struct List {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    /// `build` for what only built it.
    kind: Option<String>,
}

/// Reads a list: the crates that are in the executable.
pub fn read(section: &[u8], records: &mut Records) -> Result<(), Reason> {
    let mut json = Vec::new();
    ZlibDecoder::new(section).take(LARGEST + 1).read_to_end(&mut json).map_err(|_| BROKEN)?;
    if json.len() as u64 > LARGEST {
        return Err(Reason::Format("its list of crates is larger than 2 MiB"));
    }
    let list: List = serde_json::from_slice(&json).map_err(|_| BROKEN)?;
    for Package { name, version, kind } in list.packages {
        if kind.as_deref() != Some("build") {
            records.push(Record::new("cargo", name, version))?;
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write as _;

    use super::*;

    /// A section as `cargo auditable` writes it.
    pub(crate) fn section(json: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(json).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn crates_that_only_built_it_are_left_out() {
        let json = br#"{"packages":[{"name":"cc","version":"1.2.0","source":"crates.io","kind":"build"},
            {"name":"serde","version":"1.0.219","source":"crates.io","features":["std"]},
            {"name":"web","version":"0.1.0","source":"local","dependencies":[1],"root":true}]}"#;
        let mut records = Records::with_room(1 << 16);
        read(&section(json), &mut records).unwrap();
        assert_eq!(
            records.into_list(),
            [Record::new("cargo", "serde", "1.0.219"), Record::new("cargo", "web", "0.1.0")]
        );
    }

    #[test]
    fn a_list_that_is_none_or_bursts_is_not_read() {
        let mut records = Records::with_room(1 << 16);
        for section in [section(b"{}"), section(b"x"), b"no zlib".to_vec(), section(&vec![b' '; 3 * 1024 * 1024])] {
            read(&section, &mut records).unwrap_err();
        }
    }
}
