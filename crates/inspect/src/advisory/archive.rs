//! Archives (PKWARE's APPNOTE 6.3.10), as far as snapshots need them: what is stored or deflated, with the 64-bit fields that more
//! than 65,535 files need.
//!
//! Everything in an archive may be a lie. Where it says that something is, it is looked for inside of the bytes; what a file
//! inflates to is bounded, for each and for all, files do not share their bytes, and each has to have the length and the checksum that the archive says.

use std::cell::Cell;
use std::io::Read as _;

use flate2::Crc;
use flate2::read::DeflateDecoder;

/// The most bytes of a file in an archive.
const RECORD_BYTES: u64 = 16 << 20;
/// The most bytes of all of them.
const RECORDS_BYTES: u64 = 8 << 30;
/// How far from the end the record is looked for with which an archive ends: it has a comment of at most 64 KiB.
const END_WITHIN: usize = 22 + 0xffff;

/// The signatures that parts start with.
const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const END_64: &[u8] = b"PK\x06\x06";
const LOCATOR_64: &[u8] = b"PK\x06\x07";

/// Why an archive cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// It ends before what it says is in it.
    #[error("it is cut off")]
    Short,
    /// A part is not where it should be.
    #[error("a part of it is not where it says")]
    Part,
    /// A file is packed in a way that is not read here.
    #[error("`{0}` is packed by a method that is not read here")]
    Method(String),
    /// A file is larger than is read, or all are.
    #[error("`{name}` leads beyond {limit} bytes")]
    TooLarge {
        /// The file.
        name: String,
        /// The bound.
        limit: u64,
    },
    /// What a file inflates to is not what the archive says.
    #[error("`{0}` is not what its checksum says")]
    Content(String),
}

/// Whether bytes start as an archive does.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    bytes.starts_with(LOCAL) || bytes.starts_with(END)
}

/// An archive in memory.
pub(super) struct Archive<'b> {
    bytes: &'b [u8],
    /// The records of its files, one after the other.
    directory: &'b [u8],
    count: u64,
    inflated: Cell<u64>,
    /// How many bytes the files are that were read, as they are packed.
    packed: Cell<usize>,
}

/// A file in it.
pub(super) struct Entry<'a, 'b> {
    archive: &'a Archive<'b>,
    pub(super) name: String,
    method: u16,
    checksum: u32,
    size: u64,
    packed: &'b [u8],
}

/// Little-endian numbers at places.
fn number(bytes: &[u8], at: usize, width: usize) -> Result<u64, ArchiveError> {
    let end = at.checked_add(width).ok_or(ArchiveError::Short)?;
    let bytes = bytes.get(at..end).ok_or(ArchiveError::Short)?;
    Ok(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

fn slice(bytes: &[u8], at: u64, length: u64) -> Result<&[u8], ArchiveError> {
    let place = |number: u64| usize::try_from(number).map_err(|_| ArchiveError::Short);
    let end = at.checked_add(length).ok_or(ArchiveError::Short)?;
    bytes.get(place(at)?..place(end)?).ok_or(ArchiveError::Short)
}

impl<'b> Archive<'b> {
    /// Finds the list of the files at the end.
    pub(super) fn open(bytes: &'b [u8]) -> Result<Self, ArchiveError> {
        let tail = bytes.len().saturating_sub(END_WITHIN);
        let found = bytes[tail..].windows(END.len()).rposition(|window| window == END);
        let end = tail + found.ok_or(ArchiveError::Short)?;
        slice(bytes, end as u64, 22)?;
        let (mut count, mut size, mut at) =
            (number(bytes, end + 10, 2)?, number(bytes, end + 12, 4)?, number(bytes, end + 16, 4)?);
        // Where 16 or 32 bits do not do, the numbers stand in a record of their own.
        if count == 0xffff || size == 0xffff_ffff || at == 0xffff_ffff {
            let locator = end.checked_sub(20).ok_or(ArchiveError::Part)?;
            if slice(bytes, locator as u64, 4)? != LOCATOR_64 {
                return Err(ArchiveError::Part);
            }
            let record = slice(bytes, number(bytes, locator + 8, 8)?, 56)?;
            if !record.starts_with(END_64) {
                return Err(ArchiveError::Part);
            }
            (count, size, at) = (number(record, 32, 8)?, number(record, 40, 8)?, number(record, 48, 8)?);
        }
        Ok(Self { bytes, directory: slice(bytes, at, size)?, count, inflated: Cell::new(0), packed: Cell::new(0) })
    }

    /// The files, in the order of the list.
    pub(super) fn entries<'a>(&'a self) -> impl Iterator<Item = Result<Entry<'a, 'b>, ArchiveError>> {
        let (mut rest, mut left) = (self.directory, self.count);
        std::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            let entry = self.entry(&mut rest);
            if entry.is_err() {
                left = 0;
            }
            Some(entry)
        })
    }

    fn entry(&self, rest: &mut &'b [u8]) -> Result<Entry<'_, 'b>, ArchiveError> {
        let head = *rest;
        if !head.starts_with(CENTRAL) {
            return Err(ArchiveError::Part);
        }
        let field = |at: usize, width: usize| number(head, at, width);
        let method = u16::try_from(field(10, 2)?).map_err(|_| ArchiveError::Part)?;
        let checksum = u32::try_from(field(16, 4)?).map_err(|_| ArchiveError::Part)?;
        let (mut packed, mut size, mut at) = (field(20, 4)?, field(24, 4)?, field(42, 4)?);
        let (name, extra, comment) = (field(28, 2)?, field(30, 2)?, field(32, 2)?);
        let text = slice(head, 46, name)?;
        let mut extra_field = slice(head, 46 + name, extra)?;
        *rest = slice(head, 0, 46 + name + extra + comment).map(|whole| &head[whole.len()..])?;
        // The numbers that do not fit above follow in the field with the number 1, in this order.
        while extra_field.len() >= 4 {
            let (id, length) = (number(extra_field, 0, 2)?, number(extra_field, 2, 2)?);
            let content = slice(extra_field, 4, length)?;
            if id == 1 {
                let mut place = 0;
                for value in [&mut size, &mut packed, &mut at] {
                    if *value == 0xffff_ffff {
                        *value = number(content, place, 8)?;
                        place += 8;
                    }
                }
            }
            extra_field = &extra_field[4 + content.len()..];
        }
        let local = slice(self.bytes, at, 30)?;
        if !local.starts_with(LOCAL) {
            return Err(ArchiveError::Part);
        }
        let start = at + 30 + number(local, 26, 2)? + number(local, 28, 2)?;
        let name = String::from_utf8_lossy(text).into_owned();
        Ok(Entry { archive: self, name, method, checksum, size, packed: slice(self.bytes, start, packed)? })
    }
}

impl Entry<'_, '_> {
    /// Reads the file into a buffer, whose content goes.
    pub(super) fn read(&self, into: &mut Vec<u8>) -> Result<(), ArchiveError> {
        into.clear();
        let all = &self.archive.inflated;
        let too_large = |limit| Err(ArchiveError::TooLarge { name: self.name.clone(), limit });
        if self.size > RECORD_BYTES {
            return too_large(RECORD_BYTES);
        }
        all.set(all.get() + self.size);
        if all.get() > RECORDS_BYTES {
            return too_large(RECORDS_BYTES);
        }
        // Files that share their bytes are more together than the archive is.
        let packed = &self.archive.packed;
        packed.set(packed.get() + self.packed.len());
        if packed.get() > self.archive.bytes.len() {
            return Err(ArchiveError::Part);
        }
        let wrong = || ArchiveError::Content(self.name.clone());
        match self.method {
            0 => into.extend_from_slice(self.packed),
            8 => {
                // One byte more than is said shows that there is more.
                let mut inflated = DeflateDecoder::new(self.packed).take(self.size + 1);
                inflated.read_to_end(into).map_err(|_| wrong())?;
            }
            _ => return Err(ArchiveError::Method(self.name.clone())),
        }
        let mut checksum = Crc::new();
        checksum.update(into);
        if into.len() as u64 == self.size && checksum.sum() == self.checksum { Ok(()) } else { Err(wrong()) }
    }
}
