//! Blobs into files: whole and verified, or not there.

use std::io::Read;

use camino::Utf8PathBuf;
use imagelock_core::Digest;
use imagelock_registry::{Client, Error, ErrorKind, Missing};
use imagelock_testkit::{Fault, Gate, Image, Layer, On, Registry};

use crate::common::{client, kind, repository, run};

struct Setup {
    registry: Registry,
    digest: Digest,
    size: u64,
    directory: tempfile::TempDir,
}

impl Setup {
    fn new() -> Self {
        let registry = Registry::start().unwrap();
        let image = Image::linux(["amd64"]).layer(Layer::files([("a", "x".repeat(100_000))]));
        registry.push("app:1", &image);
        let layer = &image.layers_of("linux/amd64")[0];
        let (digest, size) = (layer.digest.parse().unwrap(), layer.size as u64);
        Self { registry, digest, size, directory: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> Utf8PathBuf {
        Utf8PathBuf::from_path_buf(self.directory.path().join("blobs/layer")).unwrap()
    }

    async fn fetch(&self, client: &Client, size: Option<u64>) -> Result<u64, Error> {
        client.blob_to_file(&repository(&self.registry, "app"), &self.digest, size, &self.path()).await
    }

    fn files(&self) -> usize {
        std::fs::read_dir(self.directory.path().join("blobs")).map_or(0, Iterator::count)
    }
}

#[test]
fn a_blob_is_put_in_place_whole() {
    let setup = Setup::new();
    assert_eq!(run(setup.fetch(&client(), Some(setup.size))).unwrap(), setup.size);
    assert!(setup.digest.matches(&std::fs::read(setup.path()).unwrap()));
    assert_eq!(setup.files(), 1);
}

#[test]
fn a_cut_connection_begins_again_from_the_start() {
    let setup = Setup::new();
    setup.registry.fault(On::blob("app"), Fault::truncate(10).times(2));
    assert!(run(setup.fetch(&client(), None)).is_ok());
    assert!(setup.digest.matches(&std::fs::read(setup.path()).unwrap()));
    assert_eq!(setup.registry.log().count("GET", "/v2/app/blobs/"), 3);
}

#[test]
fn other_bytes_leave_nothing_behind() {
    let setup = Setup::new();
    setup.registry.fault(On::blob("app"), Fault::bytes("other"));
    let error = kind(run(setup.fetch(&client(), None)).unwrap_err());
    assert!(matches!(error, ErrorKind::DigestMismatch { .. }), "{error}");
    let error = kind(run(setup.fetch(&client(), Some(6))).unwrap_err());
    assert!(matches!(error, ErrorKind::SizeMismatch { expected: 6, got: 5 }), "{error}");
    let error = kind(run(setup.fetch(&client(), Some(4))).unwrap_err());
    assert!(matches!(error, ErrorKind::TooLarge { limit: 4, .. }), "{error}");
    assert_eq!(setup.files(), 0);
}

#[test]
fn a_blob_that_is_not_there_is_named() {
    let setup = Setup::new();
    let digest = Digest::sha256(b"none");
    let error = run(client().blob(&repository(&setup.registry, "app"), &digest, 100)).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::NotFound { what: Missing::Blob, .. }));
    assert!(error.to_string().contains(digest.as_str()), "{error}");
}

#[test]
fn a_fetch_that_is_dropped_leaves_nothing_behind() {
    let setup = Setup::new();
    let gate = Gate::new();
    setup.registry.fault(On::blob("app"), Fault::hold(&gate));
    run(async {
        let client = client();
        tokio::select! {
            _ = setup.fetch(&client, None) => panic!("the gate is shut"),
            () = gate.arrived(1) => {}
        }
    });
    assert_eq!(setup.files(), 0);
}

/// Reads a blob on a thread of its own, to its end or only its first byte.
async fn read(setup: &Setup, size: u64, whole: bool) -> Result<Vec<u8>, Error> {
    let repository = repository(&setup.registry, "app");
    let take = if whole { u64::MAX } else { 1 };
    let read = move |bytes: &mut dyn Read| {
        let mut got = Vec::new();
        bytes.take(take).read_to_end(&mut got).unwrap();
        got
    };
    client().read_blob(&repository, &setup.digest, size, read).await
}

#[test]
fn a_blob_is_read_as_it_comes_and_verified_to_its_end() {
    let setup = Setup::new();
    assert!(setup.digest.matches(&run(read(&setup, setup.size, true)).unwrap()));
    assert_eq!(run(read(&setup, setup.size, false)).unwrap().len(), 1);
    assert_eq!(setup.registry.log().count("GET", "/v2/app/blobs/"), 2);
}

#[test]
fn a_reader_gets_every_byte_once_however_often_the_connection_is_cut() {
    let setup = Setup::new();
    setup.registry.fault(On::blob("app"), Fault::truncate(10).times(1));
    setup.registry.fault(On::blob("app"), Fault::truncate(50_000).after(1).times(1));
    assert!(setup.digest.matches(&run(read(&setup, setup.size, true)).unwrap()));
    assert_eq!(setup.registry.log().count("GET", "/v2/app/blobs/"), 3);
}

#[test]
fn what_is_made_of_other_bytes_is_dropped() {
    let setup = Setup::new();
    setup.registry.fault(On::blob("app"), Fault::bytes("other"));
    for (size, whole) in [(setup.size, true), (5, true), (5, false)] {
        let error = kind(run(read(&setup, size, whole)).unwrap_err());
        let expected = if size == 5 { "other bytes than it promised" } else { "5 bytes instead of the" };
        assert!(error.to_string().contains(expected), "{error}");
    }
    let error = kind(run(read(&setup, 4, true)).unwrap_err());
    assert!(matches!(error, ErrorKind::TooLarge { limit: 4, .. }), "{error}");
}
