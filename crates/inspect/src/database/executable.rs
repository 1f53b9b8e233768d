//! What executables say of what they were built from: Go's build information and `cargo auditable`.

use object::Endianness;
use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{FileHeader, ProgramHeader as _, SectionHeader as _};

use super::{Records, auditable, go};
use crate::layers::Reason;

/// How an ELF file begins.
pub const MAGIC: &[u8] = b"\x7FELF";

/// How many bytes of a file show where its segments are.
pub const HEAD: usize = 64 * 1024;

/// Reads a whole executable.
pub fn read(bytes: &[u8], records: &mut Records) -> Result<(), Reason> {
    if let Some(list) = section(bytes, auditable::SECTION) {
        auditable::read(list, records)?;
    }
    let information = section(bytes, go::SECTION).or_else(|| {
        let (offset, size) = data_segment(bytes)?;
        let from = bytes.get(usize::try_from(offset).ok()?..)?;
        Some(&from[..from.len().min(usize::try_from(size).ok()?)])
    });
    information.map_or(Ok(()), |information| go::read(information, records).map(drop))
}

/// Looks in the bytes of an executable that is too large to be held for the name of the section of `cargo auditable`: one
/// that has no such name has nothing to say.
#[derive(Debug, Default)]
pub struct HasCrates {
    found: bool,
    /// The last bytes that were seen, as many as a name may begin in.
    tail: Vec<u8>,
}

impl HasCrates {
    /// Looks at the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        let name = auditable::SECTION;
        let keep = name.len() - 1;
        let has = |bytes: &[u8]| bytes.windows(name.len()).any(|window| window == name);
        let joint = [&self.tail, &bytes[..bytes.len().min(keep)]].concat();
        self.found = self.found || has(&joint) || has(bytes);
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(keep)..]);
        self.tail.drain(..self.tail.len().saturating_sub(keep));
    }

    /// Whether the name was there.
    pub fn found(&self) -> bool {
        self.found
    }
}

/// Where the first segment of data is that can be written: Go's build information stands in it. The first bytes of an
/// executable are enough for that.
pub fn data_segment(head: &[u8]) -> Option<(u64, u64)> {
    match elf::FileClass(*head.get(4)?) {
        elf::ELFCLASS32 => segment_of::<FileHeader32<Endianness>>(head),
        elf::ELFCLASS64 => segment_of::<FileHeader64<Endianness>>(head),
        _ => None,
    }
}

fn segment_of<Elf: FileHeader<Endian = Endianness>>(head: &[u8]) -> Option<(u64, u64)> {
    let header = Elf::parse(head).ok()?;
    let endian = header.endian().ok()?;
    let segments = header.program_headers(endian, head).ok()?;
    let is_data = |segment: &&Elf::ProgramHeader| {
        segment.p_type(endian) == elf::PT_LOAD && segment.p_flags(endian) & (elf::PF_X | elf::PF_W) == elf::PF_W
    };
    segments.iter().find(is_data).map(|segment| segment.file_range(endian))
}

/// The bytes of a section.
fn section<'a>(bytes: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    match elf::FileClass(*bytes.get(4)?) {
        elf::ELFCLASS32 => section_of::<FileHeader32<Endianness>>(bytes, name),
        elf::ELFCLASS64 => section_of::<FileHeader64<Endianness>>(bytes, name),
        _ => None,
    }
}

fn section_of<'a, Elf: FileHeader<Endian = Endianness>>(bytes: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let header = Elf::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let (_, section) = header.sections(endian, bytes).ok()?.section_by_name(endian, name)?;
    section.data(endian, bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_however_the_bytes_are_cut() {
        let found = |text: &[u8], size: usize| {
            let mut crates = HasCrates::default();
            text.chunks(size).for_each(|bytes| crates.feed(bytes));
            crates.found()
        };
        for size in 1..20 {
            assert!(found(b"\0.text\0.dep-v0\0", size), "{size}");
            assert!(!found(b"\0.dep-.dep-v1\0.dep-v", size), "{size}");
        }
    }
}
