//! A pack of objects and its index, version 2 of both (`gitformat-pack(5)`). Neither is read whole.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use camino::Utf8Path;
use flate2::bufread::ZlibDecoder;
use fs_err::File;

use super::delta;
use super::objects::{Id, Kind, OBJECT_BYTES};

/// What an index of version 2 begins with.
const MAGIC: [u8; 8] = [0xff, b't', b'O', b'c', 0, 0, 0, 2];
/// The table of how many names begin with each byte, or with a lesser one.
const FANOUT: u64 = 8;
const NAMES: u64 = FANOUT + 256 * 4;
/// The longest chain of differences: Git makes them of 50, and at most of 4,095.
const CHAIN: usize = 4096;

/// A pack.
pub(super) struct Pack {
    index: File,
    pack: File,
    /// How many objects it has.
    count: u64,
}

/// What stands at an offset.
enum Stored {
    Whole(Kind),
    /// A difference from what stands at this offset.
    From(u64),
}

impl Pack {
    /// Opens a pack by its index; nothing where the pack is not there, as while Git removes it.
    pub(super) fn open(path: &Utf8Path) -> Result<Option<Self>, String> {
        let open = |path: &Utf8Path| imagelock_files::open(path).map_err(|error| error.problem.to_string());
        let (Some(mut index), Some(pack)) = (open(path)?, open(&path.with_extension("pack"))?) else { return Ok(None) };
        if read::<8>(&mut index, 0).ok() != Some(MAGIC) {
            return Err("it is no index of version 2".to_owned());
        }
        let count = read(&mut index, NAMES - 4).map(u32::from_be_bytes).map_err(|error| error.to_string())?;
        Ok(Some(Self { index, pack, count: count.into() }))
    }

    /// An object, if the pack has it.
    pub(super) fn get(&mut self, id: &Id) -> Result<Option<(Kind, Vec<u8>)>, String> {
        let Some(offset) = self.find(id).map_err(|error| error.to_string())? else { return Ok(None) };
        self.object(offset).map(Some)
    }

    fn find(&mut self, id: &Id) -> io::Result<Option<u64>> {
        let first = u64::from(id[0]);
        let before = |index: &mut File, byte: u64| read(index, FANOUT + byte * 4).map(u32::from_be_bytes);
        let mut low = if first == 0 { 0 } else { u64::from(before(&mut self.index, first - 1)?) };
        let mut high = u64::from(before(&mut self.index, first)?).min(self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            let name: Id = read(&mut self.index, NAMES + middle * 20)?;
            match name.cmp(id) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return self.offset(middle).map(Some),
            }
        }
        Ok(None)
    }

    fn offset(&mut self, number: u64) -> io::Result<u64> {
        let offsets = NAMES + self.count * 24;
        let offset = u32::from_be_bytes(read(&mut self.index, offsets + number * 4)?);
        // The first bit says that it stands in a table of longer ones.
        match offset.checked_sub(1 << 31) {
            None => Ok(offset.into()),
            Some(place) => {
                let place = offsets + self.count * 4 + u64::from(place) * 8;
                read(&mut self.index, place).map(u64::from_be_bytes)
            }
        }
    }

    /// The object at an offset, put together from the differences that it is stored in.
    fn object(&mut self, mut offset: u64) -> Result<(Kind, Vec<u8>), String> {
        let mut differences = Vec::new();
        let mut kept = 0;
        loop {
            let (stored, bytes) = self.stored(offset)?;
            match stored {
                Stored::Whole(kind) => {
                    let apply = |base: Vec<u8>, difference: &Vec<u8>| delta::apply(&base, difference, OBJECT_BYTES);
                    let whole = differences.iter().rev().try_fold(bytes, apply);
                    return whole.map(|whole| (kind, whole)).ok_or_else(|| "its differences do not fit".to_owned());
                }
                Stored::From(base) => {
                    kept += bytes.len() as u64;
                    differences.push(bytes);
                    if differences.len() > CHAIN || kept > OBJECT_BYTES {
                        return Err("it is stored in too many differences".to_owned());
                    }
                    offset = base;
                }
            }
        }
    }

    /// What stands at an offset: a head, of which groups of seven bits are the size, and a stream of zlib's.
    fn stored(&mut self, offset: u64) -> Result<(Stored, Vec<u8>), String> {
        let broken = |error: io::Error| error.to_string();
        self.pack.seek(SeekFrom::Start(offset)).map_err(broken)?;
        let mut reader = BufReader::new(&mut self.pack);
        let mut byte = next(&mut reader).map_err(broken)?;
        let kind = (byte >> 4) & 7;
        let mut size = u64::from(byte & 15);
        let mut shift = 4;
        while byte & 0x80 != 0 && shift < 60 {
            byte = next(&mut reader).map_err(broken)?;
            size |= u64::from(byte & 0x7f) << shift;
            shift += 7;
        }
        let back = if kind == 6 { Some(distance(&mut reader).map_err(broken)?) } else { None };
        let base = if kind == 7 { Some(array::<20>(&mut reader).map_err(broken)?) } else { None };
        if size > OBJECT_BYTES {
            return Err(format!("it is larger than {OBJECT_BYTES} bytes"));
        }
        let mut bytes = Vec::new();
        ZlibDecoder::new(reader).take(size + 1).read_to_end(&mut bytes).map_err(broken)?;
        if bytes.len() as u64 != size {
            return Err("it has another size than it says".to_owned());
        }
        let stored = match kind {
            1 => Stored::Whole(Kind::Commit),
            2 => Stored::Whole(Kind::Tree),
            3 => Stored::Whole(Kind::Blob),
            4 => Stored::Whole(Kind::Tag),
            // It stands before what is stored as the difference from it, so that chains end.
            6 => Stored::From(back.and_then(|back| offset.checked_sub(back)).ok_or("it is a difference from nothing")?),
            7 => {
                let base = base.map(|base| self.find(&base)).transpose().map_err(broken)?.flatten();
                Stored::From(base.ok_or("what it differs from is not in the same pack")?)
            }
            _ => return Err("it is of no kind that is known".to_owned()),
        };
        Ok((stored, bytes))
    }
}

/// So many bytes at an offset.
fn read<const N: usize>(file: &mut File, offset: u64) -> io::Result<[u8; N]> {
    file.seek(SeekFrom::Start(offset))?;
    array(file)
}

fn array<const N: usize>(reader: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn next(reader: &mut impl BufRead) -> io::Result<u8> {
    array::<1>(reader).map(|[byte]| byte)
}

/// How far back something is: groups of seven bits, each but the last one less than it is.
fn distance(reader: &mut impl BufRead) -> io::Result<u64> {
    let mut byte = next(reader)?;
    let mut value = u64::from(byte & 0x7f);
    while byte & 0x80 != 0 {
        byte = next(reader)?;
        let more = value.checked_add(1).and_then(|value| value.checked_mul(0x80));
        value = more.ok_or(io::ErrorKind::InvalidData)? | u64::from(byte & 0x7f);
    }
    Ok(value)
}
