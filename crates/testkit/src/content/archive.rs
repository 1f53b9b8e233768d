//! Archives whose bytes never change: ustar, and gzip with stored blocks.

const BLOCK: usize = 512;
/// The most bytes that a stored block of a deflate stream holds (RFC 1951, section 3.2.4).
const STORED: usize = 65_535;

/// Packs files as ustar, owned by root, mode 0644, without times.
pub(super) fn tar<P: AsRef<str>, C: AsRef<[u8]>>(files: impl IntoIterator<Item = (P, C)>) -> Vec<u8> {
    let mut archive = Vec::new();
    for (path, content) in files {
        let content = content.as_ref();
        archive.extend_from_slice(&header(path.as_ref(), content.len()));
        archive.extend_from_slice(content);
        archive.resize(archive.len().next_multiple_of(BLOCK), 0);
    }
    archive.resize(archive.len() + 2 * BLOCK, 0);
    archive
}

fn header(path: &str, size: usize) -> [u8; BLOCK] {
    let (prefix, name) = split(path);
    let mut header = [0; BLOCK];
    put(&mut header, 0, name);
    put(&mut header, 100, "0000644");
    put(&mut header, 108, "0000000");
    put(&mut header, 116, "0000000");
    put(&mut header, 124, &format!("{size:011o}"));
    put(&mut header, 136, "00000000000");
    // The checksum is the sum of the header with spaces in the checksum's own place.
    put(&mut header, 148, "        ");
    put(&mut header, 156, "0");
    put(&mut header, 257, "ustar\u{0}00");
    put(&mut header, 345, prefix);
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    put(&mut header, 148, &format!("{sum:06o}\u{0} "));
    header
}

/// Splits a long path at a slash between the two fields that ustar has for it.
fn split(path: &str) -> (&str, &str) {
    if path.len() <= 100 {
        return ("", path);
    }
    match path.match_indices('/').map(|(at, _)| at).find(|at| path.len() - at <= 101) {
        Some(at) if at <= 155 => (&path[..at], &path[at + 1..]),
        _ => ("", path),
    }
}

fn put(header: &mut [u8; BLOCK], at: usize, text: &str) {
    let end = match at {
        0 => 100,
        345 => 500,
        _ => BLOCK,
    };
    for (place, byte) in header[at..end].iter_mut().zip(text.bytes()) {
        *place = byte;
    }
}

/// Wraps bytes as gzip without compressing them.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let mut rest = bytes;
    loop {
        let (block, after) = rest.split_at(rest.len().min(STORED));
        out.push(u8::from(after.is_empty()));
        // A block has at most 65,535 bytes, and a checksum takes the length modulo 2^32 (RFC 1952, section 2.3.1).
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(block);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    out.extend_from_slice(&crc32(bytes).to_le_bytes());
    let length = u32::try_from(bytes.len() & 0xffff_ffff).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_le_bytes());
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_of_gzip_is_the_standard_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_long_path_is_split_at_a_slash() {
        let path = format!("{}/{}", "d".repeat(90), "f".repeat(90));
        let archive = tar([(path.as_str(), b"x")]);
        assert_eq!(&archive[..90], "f".repeat(90).as_bytes());
        assert_eq!(&archive[345..435], "d".repeat(90).as_bytes());
    }

    #[test]
    fn many_blocks_end_with_one_final_block() {
        let packed = gzip(&vec![7; STORED + 1]);
        assert_eq!(packed[10], 0);
        assert_eq!(packed[10 + 5 + STORED], 1);
        assert_eq!(packed.len(), 10 + 5 + STORED + 5 + 1 + 8);
    }
}
