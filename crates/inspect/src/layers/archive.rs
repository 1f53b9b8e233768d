//! The entries of a tar archive, one after the other (POSIX.1-2017, pax; the GNU tar manual, "Tar Internals").
//!
//! An archive is read as the runtimes read it, which are written in Go: what they refuse is refused, and what hides an entry
//! from them hides it here. The readers of the `tar` crate hold a name and an extension of any length; here both have a bound.

use std::io::{self, Read};

use tar::Header;

use super::LayerError;

/// The unit of an archive, in bytes.
const BLOCK: usize = 512;

/// The largest extended header and the longest name, in bytes: Go's bound.
const SPECIAL: u64 = 1024 * 1024;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    HardLink,
    SymbolicLink,
    /// A device, a pipe.
    Other,
}

/// One entry, before its data.
#[derive(Debug)]
pub(super) struct Entry {
    /// As it is written.
    pub(super) path: Vec<u8>,
    pub(super) kind: Kind,
    /// How many bytes of data follow.
    pub(super) size: u64,
    /// Whether somebody may execute it.
    pub(super) executable: bool,
    /// Where a link leads, as it is written.
    pub(super) link: Vec<u8>,
    /// The data is not the file: holes are left out of it.
    pub(super) sparse: bool,
}

/// Why reading ends early.
#[derive(Debug)]
pub(super) enum Stop {
    Error(LayerError),
    /// More was unpacked than may be.
    Budget,
    /// There are more paths than may be.
    Paths,
}

impl From<LayerError> for Stop {
    fn from(error: LayerError) -> Self {
        Self::Error(error)
    }
}

/// Reads an archive, and counts what is unpacked.
pub(super) struct Archive<R> {
    stream: R,
    /// How many bytes may still be unpacked.
    budget: u64,
    offset: u64,
    /// Data of the present entry that was not read yet, and what fills its last block.
    data: u64,
    padding: u64,
}

/// What the headers before an entry say of it.
#[derive(Default)]
struct Extensions {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    sparse: bool,
}

impl<R: Read> Archive<R> {
    pub(super) fn new(stream: R, budget: u64) -> Self {
        Self { stream, budget, offset: 0, data: 0, padding: 0 }
    }

    /// What is left of the budget.
    pub(super) fn budget(&self) -> u64 {
        self.budget
    }

    /// The next entry, behind the data of the one before.
    pub(super) fn next(&mut self) -> Result<Option<Entry>, Stop> {
        let mut extensions = Extensions::default();
        let mut long_path = None;
        let mut long_link = None;
        loop {
            self.skip_data()?;
            let Some(header) = self.header()? else { return Ok(None) };
            let flag = header.as_bytes()[156];
            let size = header.entry_size().map_err(|_| self.malformed("the size of an entry is no number"))?;
            match flag {
                b'x' => extensions = self.extensions(size)?,
                b'g' => self.has_data(size)?,
                b'L' => long_path = Some(self.long_name(size)?),
                b'K' => long_link = Some(self.long_name(size)?),
                _ => {
                    extensions.path = long_path.or(extensions.path);
                    extensions.link = long_link.or(extensions.link);
                    return self.entry(&header, flag, size, extensions).map(Some);
                }
            }
        }
    }

    fn entry(&mut self, header: &Header, flag: u8, size: u64, extensions: Extensions) -> Result<Entry, Stop> {
        let path = extensions.path.unwrap_or_else(|| header.path_bytes().into_owned());
        let kind = match flag {
            b'0' | 0 | b'7' if path.ends_with(b"/") => Kind::Folder,
            b'0' | 0 | b'7' | b'S' => Kind::File,
            b'1' => Kind::HardLink,
            b'2' => Kind::SymbolicLink,
            b'5' => Kind::Folder,
            _ => Kind::Other,
        };
        let link = extensions.link.or_else(|| header.link_name_bytes().map(std::borrow::Cow::into_owned));
        // What is only a header has no data, whatever its size says.
        let size = if matches!(flag, b'1'..=b'6') { 0 } else { extensions.size.unwrap_or(size) };
        if flag == b'S' {
            self.skip_sparse_map(header)?;
        }
        self.has_data(size)?;
        let executable = header.mode().is_ok_and(|mode| mode & 0o111 != 0);
        let sparse = flag == b'S' || extensions.sparse;
        Ok(Entry { path, kind, size, executable, link: link.unwrap_or_default(), sparse })
    }

    /// The data of an entry begins here.
    fn has_data(&mut self, size: u64) -> Result<(), Stop> {
        let padding = (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64;
        size.checked_add(padding).ok_or_else(|| self.malformed("the size of an entry is no number"))?;
        (self.data, self.padding) = (size, padding);
        Ok(())
    }

    /// Reads up to so many bytes of the entry's data behind what the buffer has, which grows by no more than that.
    pub(super) fn read_data(&mut self, limit: u64, buffer: &mut Vec<u8>) -> Result<(), Stop> {
        let mut chunk = [0; 16 * 1024];
        let mut left = limit.min(self.data);
        buffer.reserve_exact(usize::try_from(left).unwrap_or(0));
        while left > 0 {
            let want = usize::try_from(left).map_or(chunk.len(), |left| left.min(chunk.len()));
            self.fill(&mut chunk[..want])?;
            buffer.extend_from_slice(&chunk[..want]);
            self.data -= want as u64;
            left -= want as u64;
        }
        Ok(())
    }

    /// The entry's data as a stream. Where reading it ends early, `stop` says why.
    pub(super) fn data<'a>(&'a mut self, stop: &'a mut Option<Stop>) -> Data<'a, R> {
        Data { archive: self, stop }
    }

    /// Takes what was decompressed within an entry from the budget.
    pub(super) fn charge(&mut self, bytes: u64) {
        self.budget = self.budget.saturating_sub(bytes);
    }

    /// Passes over so many bytes of the entry's data, and shows them.
    pub(super) fn pass(&mut self, mut bytes: u64, seen: &mut dyn FnMut(&[u8])) -> Result<(), Stop> {
        let mut chunk = [0; 16 * 1024];
        bytes = bytes.min(self.data);
        self.data -= bytes;
        while bytes > 0 {
            let want = usize::try_from(bytes).map_or(chunk.len(), |left| left.min(chunk.len()));
            self.fill(&mut chunk[..want])?;
            seen(&chunk[..want]);
            bytes -= want as u64;
        }
        Ok(())
    }

    fn skip_data(&mut self) -> Result<(), Stop> {
        self.data += std::mem::take(&mut self.padding);
        self.pass(self.data, &mut |_| {})
    }

    /// The next header; none at the end, which two blocks of zeros mark or nothing does.
    fn header(&mut self) -> Result<Option<Header>, Stop> {
        let mut header = Header::new_old();
        let is_zero = |header: &Header| header.as_bytes().iter().all(|byte| *byte == 0);
        if !self.block(header.as_mut_bytes())? {
            return Ok(None);
        }
        if is_zero(&header) {
            if self.block(header.as_mut_bytes())? && !is_zero(&header) {
                return Err(self.malformed("one block of zeros stands before another header").into());
            }
            return Ok(None);
        }
        let bytes = header.as_bytes();
        let (unsigned, signed) = bytes[..148]
            .iter()
            .chain(&[b' '; 8])
            .chain(&bytes[156..])
            .fold((0_u32, 0_i32), |(unsigned, signed), byte| {
                (unsigned + u32::from(*byte), signed + i32::from(byte.cast_signed()))
            });
        match header.cksum() {
            Ok(sum) if sum == unsigned || i32::try_from(sum).is_ok_and(|sum| sum == signed) => Ok(Some(header)),
            _ => Err(self.malformed("the checksum of a header is wrong").into()),
        }
    }

    fn extensions(&mut self, size: u64) -> Result<Extensions, Stop> {
        let bytes = self.special(size)?;
        let mut extensions = Extensions::default();
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let Some((key, value, after)) = record(rest) else {
                return Err(self.malformed("an extended header is none").into());
            };
            rest = after;
            match key {
                _ if value.is_empty() => {}
                b"path" if extensions.path.is_none() || !extensions.sparse => extensions.path = Some(value.to_vec()),
                b"GNU.sparse.name" => (extensions.path, extensions.sparse) = (Some(value.to_vec()), true),
                b"linkpath" => extensions.link = Some(value.to_vec()),
                b"size" => {
                    let size = std::str::from_utf8(value).ok().and_then(|value| value.parse().ok());
                    let no_number = || self.malformed("the size of an entry is no number");
                    extensions.size = Some(size.ok_or_else(no_number)?);
                }
                _ => extensions.sparse |= key.starts_with(b"GNU.sparse."),
            }
        }
        Ok(extensions)
    }

    fn long_name(&mut self, size: u64) -> Result<Vec<u8>, Stop> {
        let mut name = self.special(size)?;
        name.truncate(name.iter().position(|byte| *byte == 0).unwrap_or(name.len()));
        Ok(name)
    }

    fn special(&mut self, size: u64) -> Result<Vec<u8>, Stop> {
        if size > SPECIAL {
            return Err(self.malformed("a name or an extended header is longer than a MiB").into());
        }
        self.has_data(size)?;
        let mut bytes = Vec::new();
        self.read_data(size, &mut bytes)?;
        Ok(bytes)
    }

    /// The rest of the map of a sparse file stands before its data, in blocks that the size does not count.
    fn skip_sparse_map(&mut self, header: &Header) -> Result<(), Stop> {
        let Some(gnu) = header.as_gnu() else {
            return Err(self.malformed("a sparse file has no header of GNU tar").into());
        };
        let mut goes_on = gnu.is_extended();
        let mut block = [0; BLOCK];
        while goes_on {
            if !self.block(&mut block)? {
                return Err(self.truncated().into());
            }
            goes_on = block[504] != 0;
        }
        Ok(())
    }

    /// Reads one block. False where the stream ends before it.
    fn block(&mut self, block: &mut [u8; BLOCK]) -> Result<bool, Stop> {
        let mut one = [0];
        loop {
            match self.stream.read(&mut one) {
                Ok(0) => return Ok(false),
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error).into()),
            }
        }
        self.spend(1)?;
        block[0] = one[0];
        self.fill(&mut block[1..])?;
        Ok(true)
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Stop> {
        self.spend(buffer.len() as u64)?;
        match self.stream.read_exact(buffer) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(self.truncated().into()),
            Err(error) => Err(self.failed(error).into()),
        }
    }

    fn spend(&mut self, bytes: u64) -> Result<(), Stop> {
        self.budget = self.budget.checked_sub(bytes).ok_or(Stop::Budget)?;
        self.offset += bytes;
        Ok(())
    }

    fn malformed(&self, what: &'static str) -> LayerError {
        LayerError::Malformed { offset: self.offset, what }
    }

    fn truncated(&self) -> LayerError {
        self.malformed("the archive ends within an entry")
    }

    fn failed(&self, error: io::Error) -> LayerError {
        LayerError::Read { offset: self.offset, error }
    }
}

/// The data of one entry.
pub(super) struct Data<'a, R> {
    archive: &'a mut Archive<R>,
    stop: &'a mut Option<Stop>,
}

impl<R: Read> Read for Data<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let want = usize::try_from(self.archive.data).map_or(buffer.len(), |data| data.min(buffer.len()));
        if let Err(stop) = self.archive.fill(&mut buffer[..want]) {
            *self.stop = Some(stop);
            return Err(io::Error::other("the archive ends"));
        }
        self.archive.data -= want as u64;
        Ok(want)
    }
}

/// One record of an extended header, `LENGTH KEY=VALUE\n`, and what follows.
fn record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = bytes.iter().take(20).position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(&bytes[..space]).ok()?.parse().ok()?;
    let (record, rest) = bytes.split_at_checked(length)?;
    let record = record.get(space + 1..)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    Some((&record[..equals], &record[equals + 1..], rest))
}
