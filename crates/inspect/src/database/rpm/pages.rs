//! The pages of an SQLite database, out of a stream, and held compressed.
//!
//! The rows that are wanted may lie anywhere in the file, and the file of a few hundred packages is larger than what may be
//! held. But a third of it is indexes, which are left out, and the rest compresses well.

use std::io::{Read, Write as _};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use super::sqlite::BROKEN;
use crate::layers::Reason;

/// How much is compressed at a time, in bytes: the largest page.
const CHUNK: usize = 64 * 1024;

/// The largest database, in bytes, so that the numbers of its pages have three bytes at most.
const LARGEST: usize = 1024 * 1024 * 1024;

/// How many chunks are held as they are: rows lie beside each other, but their ends often do not.
const CACHED: usize = 16;

/// How often each chunk may be decompressed.
const TIMES: usize = 16;

/// The kinds of pages of an index's tree.
const INDEX: [u8; 2] = [0x02, 0x0A];

/// The smallest page, in bytes.
const SMALLEST: usize = 512;

pub(super) struct Pages {
    /// The size of a page, and what of it is used.
    page: usize,
    pub(super) usable: usize,
    /// How many bytes all pages have.
    pub(super) length: usize,
    chunks: Vec<Box<[u8]>>,
    cached: Vec<(usize, Vec<u8>)>,
    next: usize,
    left: usize,
}

impl Pages {
    /// Reads a database of which no more than `limit` bytes have to be held.
    pub(super) fn read(source: &mut dyn Read, limit: usize) -> Result<Self, Reason> {
        let mut chunk = Vec::new();
        let mut fill = |chunk: &mut Vec<u8>| {
            chunk.clear();
            source.take(CHUNK as u64).read_to_end(chunk).map_err(|_| BROKEN)
        };
        fill(&mut chunk)?;
        if !chunk.starts_with(b"SQLite format 3\0") {
            return Err(Reason::Format("it is no SQLite database"));
        }
        let (page, usable) = sizes(&chunk).ok_or(BROKEN)?;
        let mut pages = Self { page, usable, length: 0, chunks: Vec::new(), cached: Vec::new(), next: 0, left: 0 };
        let mut held = 0;
        while !chunk.is_empty() {
            pages.length += chunk.len();
            for page in chunk.chunks_mut(page).filter(|page| INDEX.contains(&page[0])) {
                page.fill(0);
            }
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
            let packed = encoder.write_all(&chunk).and_then(|()| encoder.finish()).map_err(|_| BROKEN)?;
            held += packed.len();
            if held > limit || pages.length > LARGEST {
                return Err(Reason::Format("it is too large to be held"));
            }
            pages.chunks.push(packed.into_boxed_slice());
            fill(&mut chunk)?;
        }
        pages.left = (pages.chunks.len() + 1) * TIMES;
        Ok(pages)
    }

    /// How many pages there are.
    pub(super) fn count(&self) -> usize {
        self.length / self.page
    }

    /// A page by its number, which begins at 1. `None` for one that is not there, and where pages lie so scattered that
    /// reading them takes too long.
    pub(super) fn page(&mut self, number: u32) -> Option<&[u8]> {
        let start = usize::try_from(number.checked_sub(1)?).ok()?.checked_mul(self.page)?;
        let chunk = start / CHUNK;
        let place = match self.cached.iter().position(|(cached, _)| *cached == chunk) {
            Some(place) => place,
            None => self.unpack(chunk)?,
        };
        self.cached[place].1.get(start % CHUNK..)?.get(..self.usable)
    }

    fn unpack(&mut self, chunk: usize) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        let mut bytes = Vec::with_capacity(CHUNK);
        DeflateDecoder::new(&**self.chunks.get(chunk)?).read_to_end(&mut bytes).ok()?;
        if self.cached.len() < CACHED {
            self.cached.push((chunk, bytes));
            return Some(self.cached.len() - 1);
        }
        let place = self.next;
        self.next = (self.next + 1) % CACHED;
        self.cached[place] = (chunk, bytes);
        Some(place)
    }
}

/// The size of a page and what of it is used, out of the header of the file.
fn sizes(bytes: &[u8]) -> Option<(usize, usize)> {
    let page = match u16::from_be_bytes(*bytes.get(16..)?.first_chunk()?) {
        1 => 65536,
        size => usize::from(size),
    };
    let usable = page.checked_sub(usize::from(*bytes.get(20)?))?;
    // The format's own bound: a page has room for 480 bytes at least.
    (page >= SMALLEST && page.is_power_of_two() && usable >= 480).then_some((page, usable))
}
