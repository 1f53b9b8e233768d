use std::io::Write as _;

use super::*;

const PROPERTIES: &[u8] = b"#Generated\nversion=2.17.1\ngroupId=org.apache.logging.log4j\nartifactId=log4j-core\n";
const POM: &str = "META-INF/maven/org.apache.logging.log4j/log4j-core/pom.properties";

/// An archive of one entry that is deflated, with its size behind it.
pub(crate) fn streamed(name: &str, data: &[u8]) -> Vec<u8> {
    entry(name, data, Form::Streamed)
}

#[derive(Clone, Copy)]
enum Form {
    Stored,
    Deflated,
    /// Deflated, with its size behind it, as `jar` writes it.
    Streamed,
}

fn entry(name: &str, data: &[u8], form: Form) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).unwrap();
    let packed = encoder.finish().unwrap();
    let (flags, method, body): (u16, u16, &[u8]) = match form {
        Form::Stored => (0, 0, data),
        Form::Deflated => (0, 8, &packed),
        Form::Streamed => (8, 8, &packed),
    };
    let sizes =
        [0, u32::try_from(body.len()).unwrap(), u32::try_from(data.len()).unwrap()].map(u32::to_le_bytes).concat();
    let (before, behind) =
        if flags == 8 { (vec![0; 12], [b"PK\x07\x08", sizes.as_slice()].concat()) } else { (sizes, Vec::new()) };
    let fixed = [20, flags, method, 0, 0].map(u16::to_le_bytes).concat();
    let lengths = [u16::try_from(name.len()).unwrap(), 0].map(u16::to_le_bytes).concat();
    [b"PK\x03\x04", fixed.as_slice(), &before, &lengths, name.as_bytes(), body, &behind].concat()
}

fn packages(path: &str, bytes: &[u8]) -> (Vec<String>, Result<(), Reason>) {
    let mut records = Records::with_room(1 << 16);
    let outcome = read(&mut &*bytes, path.as_bytes(), &mut 1_000_000, &mut records);
    let named = |record: Record| format!("{}:{}:{}", record.namespace.unwrap_or_default(), record.name, record.version);
    (records.into_list().into_iter().map(named).collect(), outcome)
}

const LOG4J: &str = "org.apache.logging.log4j:log4j-core:2.17.1";

#[test]
fn a_jar_is_named_by_mavens_properties_however_they_are_packed() {
    for form in [Form::Stored, Form::Deflated, Form::Streamed] {
        let manifest = b"Manifest-Version: 1.0\r\nImplementation-Version: 9\r\n";
        let jar = [
            entry("META-INF/MANIFEST.MF", manifest, form),
            entry("A.class", &vec![1; 50_000], form),
            entry(POM, PROPERTIES, form),
            b"PK\x01\x02 and the directory".to_vec(),
        ];
        assert_eq!(packages("app/log4j.jar", &jar.concat()), (vec![LOG4J.to_owned()], Ok(())));
    }
}

#[test]
fn a_jar_without_properties_is_named_by_its_manifest_and_its_file() {
    let manifest = b"Manifest-Version: 1.0\nImplementation-Vendor-Id: com.acme\nImplementation-Version: 3\n\nName: a\nBundle-Version: 4\n";
    let jar = entry("META-INF/MANIFEST.MF", manifest, Form::Deflated);
    assert_eq!(packages("opt/web-api-1.2.3.jar", &jar).0, ["com.acme:web-api:1.2.3"]);
    assert_eq!(packages("opt/web.jar", &jar).0, ["com.acme:web:3"]);
    assert_eq!(packages("opt/web.jar", &entry("a", b"", Form::Stored)).0, [] as [&str; 0]);
}

#[test]
fn a_jar_in_a_jar_is_read_once() {
    let inner = entry(POM, PROPERTIES, Form::Streamed);
    for form in [Form::Stored, Form::Deflated, Form::Streamed] {
        let outer = entry("BOOT-INF/lib/log4j-core-2.17.1.jar", &inner, form);
        assert_eq!(packages("app-1.jar", &outer).0, [LOG4J, ":app:1"]);
        let (names, outcome) = packages("big-1.war", &entry("WEB-INF/lib/outer.jar", &outer, form));
        assert_eq!((names, outcome.is_err()), (vec![":big:1".to_owned()], true));
    }
}

#[test]
fn an_archive_that_is_broken_or_bursts_says_so() {
    let jar = [entry("a", &[7; 3000], Form::Streamed), entry(POM, PROPERTIES, Form::Streamed)].concat();
    for length in 0..jar.len() {
        let outcome = packages("a.jar", &jar[..length]);
        assert!(outcome.1.is_err() || length == jar.len() - entry(POM, PROPERTIES, Form::Streamed).len(), "{length}");
    }
    let bomb = entry("a", &vec![0; 2_000_000], Form::Streamed);
    assert_eq!(packages("a.jar", &bomb).1, Err(TOO_MUCH));
    assert!(packages("a.jar", b"#!/bin/sh\n").1.is_err());
}
