//! Archives as they are written, and as they are broken.

use std::io::{self, Read};

use tar::{EntryType, Header};

use super::super::{Compression, LayerError, Limits, Search};
use super::{Layer, apk, gzip, not_read, purls, read, read_bytes, zstd};

const APK: &str = "lib/apk/db/installed";

fn layer() -> Vec<u8> {
    Layer::new().file("a", vec![7; 100_000]).file(APK, apk("musl", "1")).bytes()
}

#[test]
fn a_layer_is_read_however_it_is_compressed() {
    let plain = layer();
    let (first, second) = plain.split_at(60_000);
    let skippable = [&0x184D_2A53_u32.to_le_bytes()[..], &3_u32.to_le_bytes(), b"abc"].concat();
    for (compression, bytes) in [
        (Compression::None, plain.clone()),
        (Compression::Gzip, gzip(&plain)),
        (Compression::Gzip, [gzip(first), gzip(b""), gzip(second)].concat()),
        (Compression::Zstd, zstd(&plain)),
        (Compression::Zstd, [skippable.clone(), zstd(first), skippable, zstd(second)].concat()),
    ] {
        assert_eq!(purls(&read_bytes(compression, &bytes).unwrap()), ["pkg:apk/musl@1"], "{compression:?}");
    }
}

#[test]
fn the_bytes_of_a_layer_say_how_it_is_compressed_whatever_its_type_says() {
    for bytes in [gzip(&layer()), zstd(&layer()), [vec![0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0], zstd(&layer())].concat()] {
        for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
            assert_eq!(purls(&read_bytes(compression, &bytes).unwrap()), ["pkg:apk/musl@1"], "{compression:?}");
        }
    }
}

#[test]
fn what_follows_the_end_of_an_archive_is_read_and_says_nothing() {
    struct Counted<R>(R, usize);
    impl<R: Read> Read for Counted<R> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer).inspect(|read| self.1 += read)
        }
    }
    let behind = [layer(), Layer::new().file(APK, apk("no", "1")).bytes(), vec![255; 200_000]].concat();
    for (compression, bytes) in [
        (Compression::None, behind.clone()),
        (Compression::Gzip, [gzip(&layer()), vec![255; 200_000]].concat()),
        (Compression::Zstd, [zstd(&layer()), vec![255; 200_000]].concat()),
    ] {
        let mut search = Search::new(Limits::default());
        let mut counted = Counted(bytes.as_slice(), 0);
        search.layer(compression, &mut counted).unwrap();
        assert_eq!(counted.1, bytes.len(), "{compression:?}");
        assert_eq!(purls(&search.finish()), ["pkg:apk/musl@1"], "{compression:?}");
    }
}

#[test]
fn an_archive_may_end_without_its_blocks_of_zeros() {
    let bytes = layer();
    let end = bytes.len() - 1024;
    assert_eq!(purls(&read_bytes(Compression::None, &bytes[..end]).unwrap()), ["pkg:apk/musl@1"]);
    assert_eq!(purls(&read_bytes(Compression::None, &bytes[..end + 512]).unwrap()), ["pkg:apk/musl@1"]);
    assert_eq!(purls(&read_bytes(Compression::None, b"").unwrap()), [] as [&str; 0]);
}

#[test]
fn a_layer_that_ends_early_is_an_error() {
    let plain = layer();
    for (compression, bytes) in
        [(Compression::None, plain.clone()), (Compression::Gzip, gzip(&plain)), (Compression::Zstd, zstd(&plain))]
    {
        for length in [1, 7, bytes.len() / 3] {
            let error = read_bytes(compression, &bytes[..length]).unwrap_err();
            assert!(!error.to_string().is_empty(), "{compression:?} {length}");
        }
    }
}

#[test]
fn bytes_that_are_no_archive_are_an_error() {
    for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
        read_bytes(compression, &[b'x'; 2000]).unwrap_err();
    }
    let mut lone = layer();
    let end = lone.len() - 1024;
    lone.truncate(end);
    let lone = [lone.clone(), vec![0; 512], lone].concat();
    let error = read_bytes(Compression::None, &lone).unwrap_err();
    assert!(matches!(error, LayerError::Malformed { what: "one block of zeros stands before another header", .. }));
}

#[test]
fn a_window_that_is_too_large_for_memory_is_an_error() {
    // A frame that asks for a window of 128 MiB: its magic number, no content size, exponent 17.
    let bytes = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 17 << 3, 0x01, 0x00, 0x00];
    let error = read_bytes(Compression::Zstd, &bytes).unwrap_err();
    assert!(matches!(error, LayerError::Read { .. }), "{error:?}");
}

fn special(kind: u8, data: &[u8]) -> (Header, Vec<u8>) {
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::new(kind));
    header.set_size(data.len() as u64);
    header.set_cksum();
    (header, data.to_vec())
}

/// A layer whose database has a short name in its header, after some others.
fn behind(specials: &[(Header, Vec<u8>)]) -> Layer {
    let layer = specials.iter().fold(Layer::new(), |layer, (header, data)| layer.raw(header, data));
    layer.file("short", apk("musl", "1"))
}

#[test]
fn long_names_come_from_headers_before() {
    let pax = b"17 comment=a\nb=c\n29 path=lib/apk/db/installed\n";
    for specials in [
        vec![special(b'L', b"lib/apk/db/installed\0")],
        vec![special(b'x', pax)],
        vec![special(b'g', b"11 path=no\n"), special(b'L', b"./lib/apk/db/installed\0\0")],
    ] {
        assert_eq!(purls(&read([behind(&specials)])), ["pkg:apk/musl@1"]);
    }
}

#[test]
fn a_size_in_an_extended_header_is_the_size() {
    let text = apk("musl", "1");
    let (pax, data) = special(b'x', format!("11 size={:>2}\n", text.len()).as_bytes());
    let mut header = Header::new_ustar();
    header.set_path(APK).unwrap();
    header.set_size(0);
    header.set_cksum();
    let layer = Layer::new().raw(&pax, &data).raw(&header, text.as_bytes()).file("b", "");
    assert_eq!(purls(&read([layer])), ["pkg:apk/musl@1"]);
}

#[test]
fn extended_headers_that_are_none_or_endless_are_an_error() {
    for data in ["x", "5 a=b", "999 path=a\n", "0 a=b\n", "6 path\n", "9 size=x\n", "99999999999999999999999 a=b\n"] {
        let layer = behind(&[special(b'x', data.as_bytes())]).bytes();
        let error = read_bytes(Compression::None, &layer).unwrap_err();
        assert!(matches!(error, LayerError::Malformed { .. }), "{data}: {error:?}");
    }
    for kind in [b'x', b'L', b'K'] {
        let layer = behind(&[special(kind, &vec![b'a'; 1024 * 1024 + 1])]).bytes();
        let error = read_bytes(Compression::None, &layer).unwrap_err();
        assert!(matches!(error, LayerError::Malformed { .. }), "{error:?}");
    }
}

#[test]
fn sparse_files_are_named_and_passed() {
    let (mut sparse, data) = special(b'S', &[0; 512]);
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::GNUSparse);
    header.set_path(APK).unwrap();
    header.set_size(512);
    header.as_gnu_mut().unwrap().set_is_extended(true);
    header.set_cksum();
    std::mem::swap(&mut sparse, &mut header);
    // One more block of the map, which no size counts.
    let layer = Layer::new().raw(&sparse, &[vec![0; 512], data].concat()).file("b", "").bytes();
    assert_eq!(not_read(&read_bytes(Compression::None, &layer).unwrap()), [format!("{APK}: it is a sparse file")]);

    let pax = b"22 GNU.sparse.major=1\n40 GNU.sparse.name=lib/apk/db/installed\n27 path=GNUSparseFile.0/in\n";
    let contents = read([behind(&[special(b'x', pax)])]);
    assert_eq!(not_read(&contents), [format!("{APK}: it is a sparse file")]);
}

#[test]
fn what_is_only_a_header_has_no_data() {
    let mut folder = Header::new_ustar();
    folder.set_entry_type(EntryType::Directory);
    folder.set_path("lib").unwrap();
    folder.set_size(1 << 40);
    folder.set_cksum();
    let layer = Layer::new().raw(&folder, b"").file(APK, apk("musl", "1"));
    assert_eq!(purls(&read([layer])), ["pkg:apk/musl@1"]);
}

#[test]
fn paths_stay_below_the_root() {
    for path in ["/lib/apk/db/installed", "../../lib/apk/db/installed", "./lib//apk/./db/x/../installed"] {
        assert_eq!(purls(&read([Layer::new().file(path, apk("musl", "1"))])), ["pkg:apk/musl@1"], "{path}");
    }
}
