//! The rows of one table of an SQLite database (SQLite's "Database File Format").
//!
//! It reads tables that are keyed by their row numbers and hold a blob in their second column, which is what RPM has.
//! A page is visited once, and the bytes of all rows together are no more than the file's.

use std::io::Read;

use super::pages::Pages;
use crate::layers::Reason;

/// The kinds of pages of a table's tree.
const INTERIOR: u8 = 0x05;
const LEAF: u8 = 0x0D;

/// The header of the file, before that of the first page.
const FILE_HEADER: usize = 100;

/// The largest row that is held, in bytes: a package of a hundred thousand files has one like it.
pub(super) const LARGEST_ROW: usize = 8 * 1024 * 1024;

pub(super) const BROKEN: Reason = Reason::Format("it is a broken SQLite database");

/// Gives the blob in the second column of every row of a table. No more than `limit` bytes of the database are held.
pub fn rows(
    source: &mut dyn Read,
    limit: usize,
    table: &[u8],
    each: &mut dyn FnMut(&[u8]) -> Result<(), Reason>,
) -> Result<(), Reason> {
    let pages = Pages::read(source, limit)?;
    let mut database = Database { left: pages.length, seen: vec![false; pages.count() + 1], pages };
    let mut root = None;
    // The schema is the table of the first page: type, name, table, root page, text.
    database.table(1, &mut |payload| {
        let mut columns = Columns::of(payload).ok_or(BROKEN)?;
        let (kind, name) = (columns.next(), columns.next());
        if kind == Some(b"table") && name == Some(table) {
            root = columns.nth(1).map(integer);
        }
        Ok(())
    })?;
    let root = root.ok_or(Reason::Format("it has no table of packages"))?;
    database
        .table(root, &mut |payload| each(Columns::of(payload).and_then(|mut columns| columns.nth(1)).ok_or(BROKEN)?))
}

struct Database {
    pages: Pages,
    /// Which pages were visited, by their numbers.
    seen: Vec<bool>,
    /// How many bytes rows may still have.
    left: usize,
}

impl Database {
    /// A page by its number, once.
    fn page(&mut self, number: u32) -> Option<&[u8]> {
        let seen = self.seen.get_mut(usize::try_from(number).ok()?)?;
        if std::mem::replace(seen, true) { None } else { self.pages.page(number) }
    }

    /// Gives the payload of every row of the table whose tree has this root.
    fn table(&mut self, root: u32, each: &mut dyn FnMut(&[u8]) -> Result<(), Reason>) -> Result<(), Reason> {
        let mut waiting = vec![root];
        while let Some(number) = waiting.pop() {
            let page = self.page(number).ok_or(BROKEN)?.to_vec();
            let start = if number == 1 { FILE_HEADER } else { 0 };
            let kind = *page.get(start).ok_or(BROKEN)?;
            let cells = usize::from(short(&page, start + 3).ok_or(BROKEN)?);
            let pointers = start + if kind == INTERIOR { 12 } else { 8 };
            let cell = |at: usize| short(&page, pointers + 2 * at).and_then(|offset| page.get(usize::from(offset)..));
            match kind {
                INTERIOR => {
                    // The last child first: what is pushed last is read next.
                    waiting.push(long(&page, start + 8).ok_or(BROKEN)?);
                    for at in (0..cells).rev() {
                        waiting.push(cell(at).and_then(|cell| long(cell, 0)).ok_or(BROKEN)?);
                    }
                }
                LEAF => {
                    for at in 0..cells {
                        each(&self.payload(cell(at).ok_or(BROKEN)?).ok_or(BROKEN)?)?;
                    }
                }
                _ => return Err(BROKEN),
            }
            // Children that are named more often than there are pages lead round.
            if waiting.len() > self.pages.count() {
                return Err(BROKEN);
            }
        }
        Ok(())
    }

    /// The payload of a cell, with what overflows into other pages.
    fn payload(&mut self, cell: &[u8]) -> Option<Vec<u8>> {
        let (length, cell) = varint(cell)?;
        let (_, cell) = varint(cell)?;
        let length = usize::try_from(length).ok().filter(|length| *length <= LARGEST_ROW)?;
        self.left = self.left.checked_sub(length)?;
        // How much of it stands here: "Cell Payload Overflow Pages".
        let usable = self.pages.usable;
        let (most, least) = (usable - 35, (usable - 12) * 32 / 255 - 23);
        let here = if length <= most {
            length
        } else {
            let rest = least + (length - least) % (usable - 4);
            if rest <= most { rest } else { least }
        };
        let mut payload = Vec::with_capacity(length);
        payload.extend_from_slice(cell.get(..here)?);
        let mut next = if here < length { long(cell, here)? } else { 0 };
        while payload.len() < length {
            let page = self.page(next)?;
            next = long(page, 0)?;
            let part = (length - payload.len()).min(usable - 4);
            payload.extend_from_slice(&page[4..4 + part]);
        }
        Some(payload)
    }
}

/// The columns of a record ("Record Format"), as the bytes of their values.
struct Columns<'a> {
    types: &'a [u8],
    values: &'a [u8],
}

impl<'a> Columns<'a> {
    fn of(record: &'a [u8]) -> Option<Self> {
        let (length, _) = varint(record)?;
        let (header, values) = record.split_at_checked(usize::try_from(length).ok()?)?;
        let (_, types) = varint(header)?;
        Some(Self { types, values })
    }
}

impl<'a> Iterator for Columns<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (kind, types) = varint(self.types)?;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            _ => (kind - 12) / 2,
        };
        let (value, values) = self.values.split_at_checked(usize::try_from(length).ok()?)?;
        (self.types, self.values) = (types, values);
        Some(value)
    }
}

/// A small number out of the bytes of an integer column.
fn integer(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number: u32, byte| number.wrapping_shl(8) | u32::from(*byte))
}

/// A number of one to nine bytes, and what follows it.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for (at, byte) in bytes.iter().take(9).enumerate() {
        if at == 8 {
            return Some((number << 8 | u64::from(*byte), &bytes[9..]));
        }
        number = number << 7 | u64::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            return Some((number, &bytes[at + 1..]));
        }
    }
    None
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}
