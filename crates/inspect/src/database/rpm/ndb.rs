//! `Packages.db`, the database that SUSE's rpm writes (rpm's `lib/backend/ndb/rpmpkg.c`): a table of slots, each of which
//! says where the header of one package lies. Numbers have their least significant byte first.

use super::header;
use crate::database::Records;
use crate::layers::Reason;

const MAGIC: &[u8] = b"RpmP";
const SLOT_MAGIC: &[u8] = b"Slot";
const BLOB_MAGIC: &[u8] = b"BlbS";

/// The size of a slot, and the unit in which blobs are placed, in bytes.
const SLOT: usize = 16;
const BLOCK: usize = 16;

/// The slots lie in pages of this size, in bytes, behind the header of the file.
const PAGE: usize = 4096;
const FILE_HEADER: usize = 32;

const BROKEN: Reason = Reason::Format("it is a broken database of packages");

/// Reads a database.
pub fn read(bytes: &[u8], records: &mut Records) -> Result<(), Reason> {
    if !bytes.starts_with(MAGIC) || number(bytes, 4) != Some(0) {
        return Err(Reason::Format("it is no database of packages that is known"));
    }
    let pages = number(bytes, 12).ok_or(BROKEN)?;
    let slots = bytes.get(FILE_HEADER..pages.checked_mul(PAGE).ok_or(BROKEN)?).ok_or(BROKEN)?;
    // The bytes of all packages together are no more than the file's.
    let mut left = bytes.len();
    for slot in slots.chunks_exact(SLOT) {
        if !slot.starts_with(SLOT_MAGIC) {
            return Err(BROKEN);
        }
        let (package, offset) = (number(slot, 4).ok_or(BROKEN)?, number(slot, 8).ok_or(BROKEN)?);
        if package == 0 || offset == 0 {
            continue;
        }
        let blob = blob(bytes, package, offset).ok_or(BROKEN)?;
        left = left.checked_sub(blob.len()).ok_or(BROKEN)?;
        if let Some(record) = header::read(blob).ok_or(BROKEN)? {
            records.push(record)?;
        }
    }
    Ok(())
}

/// The blob of a package: magic number, package, generation, length, and then the header.
fn blob(bytes: &[u8], package: usize, offset: usize) -> Option<&[u8]> {
    let blob = bytes.get(offset.checked_mul(BLOCK)?..)?;
    if !blob.starts_with(BLOB_MAGIC) || number(blob, 4)? != package {
        return None;
    }
    blob.get(16..)?.get(..number(blob, 12)?)
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?)).ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::database::rpm::header::tests::{CURL, header};

    /// A database of one package.
    pub(crate) fn database(blob: &[u8]) -> Vec<u8> {
        let numbers = |numbers: &[usize]| {
            numbers.iter().flat_map(|number| u32::try_from(*number).unwrap().to_le_bytes()).collect::<Vec<u8>>()
        };
        let mut bytes = [MAGIC, &numbers(&[0, 1, 1, 2, 0, 0, 0])].concat();
        bytes.extend([SLOT_MAGIC, &numbers(&[7, PAGE / BLOCK, 8])].concat());
        while bytes.len() < PAGE {
            bytes.extend([SLOT_MAGIC, &numbers(&[0, 0, 0])].concat());
        }
        [bytes, [BLOB_MAGIC, &numbers(&[7, 1, blob.len()]), blob].concat()].concat()
    }

    #[test]
    fn a_package_is_found_by_its_slot() {
        let mut records = Records::with_room(1 << 16);
        read(&database(&header(&CURL)), &mut records).unwrap();
        let [curl] = records.into_list().try_into().unwrap();
        assert_eq!((curl.name.as_str(), curl.version.as_str()), ("libcurl", "1:8.6.0-1.fc40"));
    }

    #[test]
    fn a_database_that_is_cut_or_lies_is_broken() {
        let mut records = Records::with_room(1 << 16);
        let whole = database(&header(&CURL));
        for length in (0..whole.len()).step_by(7) {
            read(&whole[..length], &mut records).unwrap_err();
        }
        for at in [0, 4, 12, 32, 37, 41, PAGE, PAGE + 4, PAGE + 13] {
            let mut wrong = whole.clone();
            wrong[at] ^= 0xFF;
            read(&wrong, &mut records).unwrap_err();
        }
    }
}
