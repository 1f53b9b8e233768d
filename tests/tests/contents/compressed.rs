//! Layers that a real tool compressed.

use std::process::Command;

use imagelock_inspect::{Compression, Limits, Search};
use imagelock_testkit::{Image, Layer};
use imagelock_tests::need;

use crate::{lines, listed};

#[test]
fn a_layer_is_read_as_skopeo_compresses_it() {
    let skopeo = need!("skopeo");
    let folder = tempfile::tempdir().unwrap();
    let installed = "P:musl\nV:1.2.5-r9\nF:usr/lib\nR:libc.so\n\n".repeat(5000);
    let layer = Layer::files([("a", "a".repeat(300_000)), ("lib/apk/db/installed", installed)]);
    Image::linux(["amd64"]).layer(layer).write_layout(folder.path().join("from"), "1").unwrap();
    for (format, start) in [("gzip", [0x1F, 0x8B]), ("zstd", [0x28, 0xB5])] {
        let [from, to] = ["from", format].map(|name| format!("oci:{}:1", folder.path().join(name).display()));
        let copy = ["--insecure-policy", "copy", "--quiet", "--dest-compress", "--dest-compress-format", format];
        lines(Command::new(&skopeo).args(copy).args([from, to]));
        let blobs = fs_err::read_dir(folder.path().join(format).join("blobs/sha256")).unwrap();
        let blobs = blobs.map(|blob| fs_err::read(blob.unwrap().path()).unwrap());
        let layer = blobs.into_iter().find(|blob| blob.starts_with(&start)).expect(format);
        let mut search = Search::new(Limits::default());
        search.layer(Compression::None, layer.as_slice()).unwrap();
        assert_eq!(listed(&search.finish()), ["apk musl 1.2.5-r9"], "{format}");
    }
}
