//! The entries of a zip archive as they stand, one after the other (PKWARE's APPNOTE, section 4.3): a stream needs no seek,
//! and no list of all entries is held.

use std::io::{self, BufRead, Read};

use flate2::bufread::DeflateDecoder;

use super::BROKEN;
use crate::layers::Reason;

const LOCAL: &[u8] = b"PK\x03\x04";
const DESCRIPTOR: &[u8] = b"PK\x07\x08";

/// The size that stands in another place, for entries of more than 4 GiB.
const ZIP64: u32 = u32::MAX;

/// What is done with an entry: its name, what it unpacks to, and how much may still be unpacked.
pub(super) type Visit<'a> = dyn FnMut(&[u8], &mut dyn Read, &mut u64) -> Result<(), Reason> + 'a;

pub(super) struct Entries<'a> {
    source: &'a mut dyn BufRead,
    is_first: bool,
}

struct Header {
    name: Vec<u8>,
    /// 0 is stored, 8 is deflated.
    method: u16,
    /// `None` where the size stands behind the data.
    size: Option<u64>,
}

impl<'a> Entries<'a> {
    pub(super) fn new(source: &'a mut dyn BufRead) -> Self {
        Self { source, is_first: true }
    }

    /// Visits the next entry. False behind the last one.
    pub(super) fn next(&mut self, work: &mut u64, visit: &mut Visit<'_>) -> Result<bool, Reason> {
        let Some(Header { name, method, size }) = self.header()? else { return Ok(false) };
        match (method, size) {
            (0, Some(size)) => {
                let mut data = (&mut *self.source).take(size);
                visit(&name, &mut data, work)?;
                pass(&mut data)?;
            }
            (8, Some(size)) => {
                let mut data = (&mut *self.source).take(size);
                visit_deflated(&name, DeflateDecoder::new(&mut data), work, visit)?;
                pass(&mut data)?;
            }
            (8, None) => {
                let mut decoder = DeflateDecoder::new(&mut *self.source);
                visit_deflated(&name, &mut decoder, work, visit)?;
                pass(&mut Worked { source: &mut decoder, work })?;
                self.descriptor()?;
            }
            (_, Some(size)) => pass(&mut (&mut *self.source).take(size))?,
            (_, None) => return Err(Reason::Format("an entry in it does not say where it ends")),
        }
        Ok(true)
    }

    /// Local file header, section 4.3.7. None where the directory begins, or at the end.
    fn header(&mut self) -> Result<Option<Header>, Reason> {
        let is_first = std::mem::take(&mut self.is_first);
        let start = self.source.fill_buf().map_err(|_| BROKEN)?;
        if start.is_empty() && !is_first {
            return Ok(None);
        }
        let mut fixed = [0; 30];
        self.source.read_exact(&mut fixed[..4]).map_err(|_| BROKEN)?;
        match &fixed[..4] {
            LOCAL => {}
            _ if is_first => return Err(Reason::Format("it does not begin as an archive does")),
            _ => return Ok(None),
        }
        self.source.read_exact(&mut fixed[4..]).map_err(|_| BROKEN)?;
        let short = |at: usize| u16::from_le_bytes([fixed[at], fixed[at + 1]]);
        let mut name = vec![0; usize::from(short(26))];
        let mut extra = vec![0; usize::from(short(28))];
        self.source.read_exact(&mut name).map_err(|_| BROKEN)?;
        self.source.read_exact(&mut extra).map_err(|_| BROKEN)?;
        let (flags, method) = (short(6), short(8));
        let written = u32::from_le_bytes([fixed[18], fixed[19], fixed[20], fixed[21]]);
        let size = match (flags & 8 == 0, written) {
            (false, _) => None,
            (true, ZIP64) => Some(large_size(&extra).ok_or(BROKEN)?),
            (true, size) => Some(u64::from(size)),
        };
        // What is encrypted is passed over.
        let method = if flags & 1 == 0 { method } else { u16::MAX };
        Ok(Some(Header { name, method, size }))
    }

    /// The sizes behind the data, section 4.3.9: its signature may be missing, and its sizes may be of eight bytes.
    fn descriptor(&mut self) -> Result<(), Reason> {
        let mut bytes = [0; 12];
        self.source.read_exact(&mut bytes).map_err(|_| BROKEN)?;
        if bytes.starts_with(DESCRIPTOR) {
            self.source.read_exact(&mut bytes[..4]).map_err(|_| BROKEN)?;
        }
        let next = self.source.fill_buf().map_err(|_| BROKEN)?;
        if !next.is_empty() && !next.starts_with(b"PK") {
            self.source.read_exact(&mut bytes[..8]).map_err(|_| BROKEN)?;
        }
        Ok(())
    }
}

fn visit_deflated(name: &[u8], decoder: impl Read, work: &mut u64, visit: &mut Visit<'_>) -> Result<(), Reason> {
    // An archive in the archive unpacks what was unpacked here.
    let (mut here, mut within) = (*work, *work);
    let outcome = visit(name, &mut Worked { source: decoder, work: &mut here }, &mut within);
    *work = here.saturating_sub(*work - within);
    outcome
}

/// Reads to the end.
fn pass(data: &mut dyn Read) -> Result<(), Reason> {
    io::copy(data, &mut io::sink()).map(drop).map_err(|_| BROKEN)
}

/// The compressed size in the extra field of zip64, section 4.5.3: it is the second of the sizes there.
fn large_size(mut extra: &[u8]) -> Option<u64> {
    loop {
        let (head, rest) = extra.split_first_chunk::<4>()?;
        let [id0, id1, size0, size1] = *head;
        let (field, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes([size0, size1])))?;
        if u16::from_le_bytes([id0, id1]) == 1 {
            return Some(u64::from_le_bytes(*field.get(8..)?.first_chunk()?));
        }
        extra = rest;
    }
}

/// A decompressor that stops when more was unpacked than may be.
struct Worked<'a, R> {
    source: R,
    work: &'a mut u64,
}

impl<R: Read> Read for Worked<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        let left = self.work.checked_sub(read as u64);
        *self.work = left.unwrap_or(0);
        left.map(|_| read).ok_or_else(|| io::Error::other("too much"))
    }
}
