//! What a layer that asks for everything makes a search hold.

use std::io::{self, Read};

use imagelock_inspect::{Compression, Limits, Search};

/// How many paths the layer has beside those that are read.
const PATHS: usize = 20_000;

/// A layer that is made as it is read: a part after the other.
struct Made<I> {
    parts: I,
    part: Vec<u8>,
    at: usize,
}

impl<I: Iterator<Item = Vec<u8>>> Read for Made<I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.part.len() {
            (self.part, self.at) = (self.parts.next().unwrap_or_default(), 0);
        }
        let read = buffer.len().min(self.part.len() - self.at);
        buffer[..read].copy_from_slice(&self.part[self.at..self.at + read]);
        self.at += read;
        Ok(read)
    }
}

fn header(path: &str, size: usize) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_path(path).unwrap();
    header.set_size(size as u64);
    header.set_mode(0o755);
    header.set_cksum();
    header.as_bytes().to_vec()
}

/// A file of parts of a MiB each.
fn file(path: &str, mebibytes: usize, first: &[u8], fill: &'static [u8]) -> impl Iterator<Item = Vec<u8>> + use<> {
    let first = first.to_vec();
    let parts = (0..mebibytes).map(move |number| {
        let head = if number == 0 { first.as_slice() } else { &[] };
        head.iter().copied().chain(fill.iter().copied().cycle()).take(1 << 20).collect()
    });
    std::iter::once(header(path, mebibytes << 20)).chain(parts)
}

/// The frame of Zstandard with the largest window, in blocks that are not compressed.
fn framed(parts: impl Iterator<Item = Vec<u8>>) -> impl Iterator<Item = Vec<u8>> {
    let block = |bytes: &[u8], last: u32| {
        let head = u32::try_from(bytes.len()).unwrap() << 3 | last;
        [&head.to_le_bytes()[..3], bytes].concat()
    };
    let start = vec![0x28, 0xB5, 0x2F, 0xFD, 0x00, 13 << 3];
    let blocks =
        parts.map(move |part| part.chunks(128 << 10).map(|bytes| block(bytes, 0)).collect::<Vec<_>>().concat());
    std::iter::once(start).chain(blocks).chain(std::iter::once(block(&[0; 1024], 1)))
}

#[test]
fn a_layer_that_asks_for_everything_makes_a_search_hold_less_than_64_mebibytes() {
    let paths = (0..PATHS).map(|number| header(&format!("a/{number}"), 0));
    let installed = file("lib/apk/db/installed", 24, b"", b"P:a\nV:1\nL:MIT\n\n");
    let database =
        file("var/lib/rpm/rpmdb.sqlite", 12, b"SQLite format 3\0\x10\0\x02\x02\0\x40\x20\x20", b"0123456789abcdefg");
    let program = file("usr/bin/web", 24, b"\x7FELF\x02\x01\x01", b"x");
    let jar = file("app/web.jar", 30, b"PK\x03\x04", b"x");
    let layer = paths.chain(installed).chain(database).chain(program).chain(jar);
    let mut made = Made { parts: framed(layer), part: Vec::new(), at: 0 };
    let mut not_read = Vec::new();
    let counted = allocation_counter::measure(|| {
        let mut search = Search::new(Limits::default());
        search.layer(Compression::Zstd, &mut made).unwrap();
        not_read = search.finish().not_read;
    });
    let named: Vec<&str> = not_read.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(named, ["lib/apk/db/installed", "var/lib/rpm/rpmdb.sqlite", "app/web.jar"]);
    // A million paths would take a minute, and eight bytes each.
    let more = 8 * (Limits::default().paths - PATHS) as u64;
    assert!(counted.bytes_max + more < 64 << 20, "{} MiB", (counted.bytes_max + more) >> 20);
}
