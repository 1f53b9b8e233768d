//! `Packages.db`, the database that SUSE's rpm writes (rpm's `lib/backend/ndb/rpmpkg.c`): a table of slots, each of which
//! says where the header of one package lies behind it. Numbers have their least significant byte first.

use std::io::{self, Read};

use super::header;
use super::sqlite::LARGEST_ROW;
use crate::database::Records;
use crate::layers::Reason;

const MAGIC: &[u8] = b"RpmP";
const SLOT_MAGIC: &[u8] = b"Slot";
const BLOB_MAGIC: &[u8] = b"BlbS";

/// The size of a slot, of what stands before a blob, and the unit in which blobs are placed, in bytes.
const SLOT: usize = 16;
const BLOB_HEADER: usize = 16;
const BLOCK: usize = 16;

/// The slots lie in pages of this size, in bytes, behind the header of the file.
const PAGE: usize = 4096;
const FILE_HEADER: usize = 32;

/// The most pages of slots that are held: room for a quarter of a million packages.
const SLOT_PAGES: usize = 1024;

const BROKEN: Reason = Reason::Format("it is a broken database of packages");

/// Reads a database, as a stream: one package is held at a time.
pub fn read(source: &mut dyn Read, records: &mut Records) -> Result<(), Reason> {
    let head = exactly(source, FILE_HEADER)?;
    if !head.starts_with(MAGIC) || number(&head, 4) != Some(0) {
        return Err(Reason::Format("it is no database of packages that is known"));
    }
    let pages = number(&head, 12).filter(|pages| (1..=SLOT_PAGES).contains(pages)).ok_or(BROKEN)?;
    let slots = exactly(source, pages * PAGE - FILE_HEADER)?;
    let mut packages = Vec::new();
    for slot in slots.chunks_exact(SLOT) {
        let (package, block) =
            number(slot, 4).zip(number(slot, 8)).filter(|_| slot.starts_with(SLOT_MAGIC)).ok_or(BROKEN)?;
        // A slot that leads nowhere is free.
        if block != 0 {
            packages.push((block.checked_mul(BLOCK).ok_or(BROKEN)?, package));
        }
    }
    packages.sort_unstable();
    let mut at = pages * PAGE;
    for (offset, package) in packages {
        // Packages do not lie in each other.
        pass(source, offset.checked_sub(at).ok_or(BROKEN)?)?;
        let head = exactly(source, BLOB_HEADER)?;
        if !head.starts_with(BLOB_MAGIC) || number(&head, 4) != Some(package) {
            return Err(BROKEN);
        }
        let length = number(&head, 12).filter(|length| *length <= LARGEST_ROW).ok_or(BROKEN)?;
        let blob = exactly(source, length)?;
        at = offset + BLOB_HEADER + length;
        if let Some(record) = header::read(&blob).ok_or(BROKEN)? {
            records.push(record)?;
        }
    }
    Ok(())
}

fn exactly(source: &mut dyn Read, length: usize) -> Result<Vec<u8>, Reason> {
    let mut bytes = Vec::new();
    source.take(length as u64).read_to_end(&mut bytes).map_err(|_| BROKEN)?;
    if bytes.len() == length { Ok(bytes) } else { Err(BROKEN) }
}

fn pass(source: &mut dyn Read, length: usize) -> Result<(), Reason> {
    let passed = io::copy(&mut source.take(length as u64), &mut io::sink()).map_err(|_| BROKEN)?;
    if passed == length as u64 { Ok(()) } else { Err(BROKEN) }
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
        read(&mut database(&header(&CURL)).as_slice(), &mut records).unwrap();
        let [curl] = records.into_list().try_into().unwrap();
        assert_eq!((curl.name.as_str(), curl.version.as_str()), ("libcurl", "1:8.6.0-1.fc40"));
    }

    #[test]
    fn a_database_that_is_cut_or_lies_is_broken() {
        let mut records = Records::with_room(1 << 16);
        let whole = database(&header(&CURL));
        for length in (0..whole.len()).step_by(7) {
            read(&mut &whole[..length], &mut records).unwrap_err();
        }
        for at in [0, 4, 12, 32, 37, 41, PAGE, PAGE + 4, PAGE + 13] {
            let mut wrong = whole.clone();
            wrong[at] ^= 0xFF;
            read(&mut wrong.as_slice(), &mut records).unwrap_err();
        }
    }
}
