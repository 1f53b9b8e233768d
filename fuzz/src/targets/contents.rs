//! What images have in their layers: no bytes stop a reader, and what is found can be named.

use std::cmp::Ordering;

use imagelock_inspect::database::{self, Record, Records, os_release::OsRelease};
use imagelock_inspect::{Compression, Contents, LayerError, Limits, Purl, Search, compare_versions};

use super::core::text;

/// Bounds that an input of the fuzzer's size can reach.
const LIMITS: Limits = Limits { unpacked: 4 << 20, paths: 2000, file: 1 << 20, packages: 1 << 16 };

fn records(read: impl FnOnce(&mut Records)) -> Vec<Record> {
    let mut records = Records::with_room(LIMITS.packages);
    read(&mut records);
    assert!(records.weight() <= LIMITS.packages);
    let list = records.into_list();
    for Record { kind, namespace, name, version, .. } in &list {
        assert!(!name.is_empty());
        let purl = Purl::new(kind, namespace.as_deref(), name);
        let purl = purl.unwrap_or_else(|error| panic!("{error}"));
        assert!(!purl.at(version).is_empty());
    }
    list
}

/// Databases of Alpine.
pub(crate) fn apk(data: &[u8]) {
    let list = records(|records| drop(database::apk::read(data, records)));
    let twice = [data, b"\n\n", data].concat();
    let again = records(|records| drop(database::apk::read(&twice, records)));
    assert!(again.starts_with(&list));
}

/// Databases of dpkg.
pub(crate) fn dpkg(data: &[u8]) {
    records(|records| drop(database::dpkg::read(data, records)));
}

/// Databases of RPM, a header alone, and the list of distroless images.
pub(crate) fn rpm(data: &[u8]) {
    records(|records| drop(database::rpm::read(&mut &*data, 1 << 20, records)));
    records(|records| drop(database::rpm::ndb::read(&mut &*data, records)));
    records(|records| drop(database::rpm::manifest::read(data, records)));
    records(|records| {
        if let Some(Some(record)) = database::rpm::header::read(data) {
            drop(records.push(record));
        }
    });
}

/// Executables, and what Go and Cargo leave in them.
pub(crate) fn executables(data: &[u8]) {
    records(|records| drop(database::executable::read(data, records)));
    records(|records| drop(database::auditable::read(data, records)));
    let list = records(|records| drop(database::go::read(data, records)));
    let moved = [&[0; 64], data].concat();
    assert_eq!(records(|records| drop(database::go::read(&moved, records))), list);
}

/// The metadata of languages, and of distributions.
pub(crate) fn metadata(data: &[u8]) {
    records(|records| drop(database::python::read(data, records)));
    records(|records| drop(database::npm::read(data, records)));
    let mut work = LIMITS.unpacked;
    records(|records| drop(database::java::read(&mut &*data, b"a/web-1.jar", &mut work, records)));
    let os = OsRelease::read(data);
    assert!(!os.id.is_empty());
}

/// The orders of versions: two lines are compared both ways, and a third with both.
pub(crate) fn orders(data: &[u8]) {
    let mut lines = text(data).lines();
    let (one, two, three) = (lines.next().unwrap_or(""), lines.next().unwrap_or(""), lines.next().unwrap_or(""));
    for kind in ["apk", "deb", "npm", "pypi", "rpm"] {
        let compare = |left, right| compare_versions(kind, left, right);
        assert_eq!(compare(one, one), Ordering::Equal, "{kind}");
        assert_eq!(compare(one, two), compare(two, one).reverse(), "{kind}");
        // Alpine's own rules have no order for texts that are no versions.
        if kind != "apk" && compare(one, two).is_le() && compare(two, three).is_le() {
            assert!(compare(one, three).is_le(), "{kind}: {one:?} {two:?} {three:?}");
        }
    }
}

fn search(compression: Compression, layers: &[&[u8]]) -> Result<Contents, LayerError> {
    let mut search = Search::new(LIMITS);
    for mut layer in layers.iter().copied() {
        search.layer(compression, &mut layer)?;
        assert!(layer.is_empty(), "the layer is not read to its end");
    }
    Ok(search.finish())
}

/// Layers: the first byte says how they are compressed, the others are the newest, and the older one too.
pub(crate) fn layers(data: &[u8]) {
    let Some((first, data)) = data.split_first() else { return };
    let compression = match first % 3 {
        0 => Compression::None,
        1 => Compression::Gzip,
        _ => Compression::Zstd,
    };
    let data = if compression == Compression::None { mended(data) } else { data.to_vec() };
    let Ok(once) = search(compression, &[&data]) else { return };
    assert!(once.packages.is_sorted());
    for package in &once.packages {
        let again = Purl::read(package.purl.as_str()).map(|(purl, _)| purl);
        assert_eq!(again.as_ref(), Ok(&package.purl));
    }
    assert!(once.not_read.iter().all(|one| !one.reason.to_string().is_empty()));
    // A layer hides all that an older one has at the same places.
    if let (Ok(twice), []) = (search(compression, &[&data, &data]), once.not_read.as_slice()) {
        assert_eq!(twice.os, once.os);
        assert_eq!(twice.packages, once.packages);
    }
}

/// Writes the checksums of all headers anew: few inputs would come past them.
fn mended(data: &[u8]) -> Vec<u8> {
    let mut data = data.to_vec();
    for header in data.chunks_exact_mut(512).filter(|block| block[257..].starts_with(b"ustar")) {
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    }
    data
}
