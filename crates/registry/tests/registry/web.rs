//! Files of the web.

use std::io::Read as _;

use imagelock_core::Digest;
use imagelock_registry::{Error, ErrorKind};
use imagelock_testkit::{Fault, On, Registry};

use crate::common::{builder, client, kind, run};

/// A registry that has a file, and its address.
fn stage(content: &[u8]) -> (Registry, String) {
    let registry = Registry::start().unwrap();
    registry.put_blob("app", content.to_vec());
    let address = format!("http://{}/v2/app/blobs/{}", registry.host(), Digest::sha256(content));
    (registry, address)
}

/// What is fetched, and what is left of it in the file.
fn fetch(address: &str, cap: u64) -> Result<(u64, Digest, Vec<u8>), Error> {
    let mut file = tempfile::tempfile().unwrap();
    let (size, digest) = run(client().web(address, &file, cap))?;
    let mut bytes = Vec::new();
    std::io::Seek::rewind(&mut file).and_then(|()| file.read_to_end(&mut bytes)).unwrap();
    Ok((size, digest, bytes))
}

#[test]
fn a_file_is_fetched_whole_and_hashed() {
    let (registry, address) = stage(b"{}");
    assert_eq!(fetch(&address, 2).unwrap(), (2, Digest::sha256(b"{}"), b"{}".to_vec()));
    registry.fault(On::blob("app"), Fault::truncate(1).times(1));
    assert_eq!(fetch(&address, 2).unwrap().2, b"{}");
    assert_eq!(registry.log().count("GET", "/v2/app/blobs/"), 3);
}

#[test]
fn what_is_too_large_or_not_there_is_told_without_the_query() {
    let (registry, address) = stage(b"{}");
    let error = kind(fetch(&address, 1).unwrap_err());
    assert!(matches!(error, ErrorKind::TooLarge { limit: 1, .. }), "{error}");
    registry.fault(On::blob("app"), Fault::status(404));
    let error = fetch(&format!("{address}?key=secret"), 2).unwrap_err().to_string();
    assert!(
        error.contains("status 404") && error.contains("cannot fetch http://") && !error.contains("secret"),
        "{error}"
    );
}

#[test]
fn only_the_web_is_asked_and_plain_http_only_where_somebody_allows_it() {
    for address in [
        "file:///etc/passwd",
        "ftp://x.example/",
        "https://user:secret@x.example/",
        "https://",
        "x",
        "http://192.0.2.1/x",
    ] {
        let file = tempfile::tempfile().unwrap();
        let error = run(builder().build().unwrap().web(address, &file, 10)).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Network { .. }), "{address}: {error}");
    }
}
