//! Java's archives: `META-INF/maven/**/pom.properties` names what is in a jar, else its manifest and its name do.
//!
//! A jar in a jar is read too, but none in that one.

mod zip;

use std::io::{BufRead, BufReader, Read};

use super::{Record, Records, lines, value};
use crate::layers::Reason;
use zip::Entries;

/// The largest manifest or file of properties that is read, in bytes.
const LARGEST: u64 = 256 * 1024;

const BROKEN: Reason = Reason::Format("it is a broken archive");

const TOO_MUCH: Reason = Reason::Format("it unpacks to more than what is read");

/// The endings of archives that hold classes.
const ENDINGS: [&str; 5] = [".jar", ".war", ".ear", ".jpi", ".hpi"];

/// Whether a path is an archive's, by its name.
pub fn is_archive(path: &[u8]) -> bool {
    path.len() > 4 && ENDINGS.iter().any(|ending| path[path.len() - 4..].eq_ignore_ascii_case(ending.as_bytes()))
}

/// Reads an archive to its last entry, as a stream. `work` is how many bytes may be decompressed, and is lowered.
pub fn read(source: &mut dyn BufRead, path: &[u8], work: &mut u64, records: &mut Records) -> Result<(), Reason> {
    let outcome = archive(source, path, true, work, records);
    outcome.map_err(|reason| if *work == 0 { TOO_MUCH } else { reason })
}

fn archive(
    source: &mut dyn BufRead,
    path: &[u8],
    is_outer: bool,
    work: &mut u64,
    records: &mut Records,
) -> Result<(), Reason> {
    let mut entries = Entries::new(source);
    let mut manifest = Manifest::default();
    let mut is_named = false;
    let mut missing = None;
    loop {
        let outcome = entries.next(work, &mut |name, body, work| {
            if name == b"META-INF/MANIFEST.MF" {
                manifest = Manifest::of(&text(body)?);
            } else if name.starts_with(b"META-INF/maven/") && name.ends_with(b"/pom.properties") {
                if let Some(record) = properties(&text(body)?) {
                    is_named = true;
                    records.push(record)?;
                }
            } else if is_archive(name) {
                if is_outer {
                    // One that is broken says nothing of the others.
                    let inner = archive(&mut BufReader::new(body), name, false, work, records);
                    missing = missing.take().or(inner.err());
                } else {
                    missing.get_or_insert(Reason::Format("archives in the archives in it are not read"));
                }
            }
            Ok(())
        });
        match outcome {
            Ok(true) => {}
            Ok(false) => break,
            Err(reason) => {
                missing.get_or_insert(reason);
                break;
            }
        }
    }
    if let Some(record) = manifest.record(path).filter(|_| !is_named) {
        records.push(record)?;
    }
    missing.map_or(Ok(()), Err)
}

fn text(body: &mut dyn Read) -> Result<Vec<u8>, Reason> {
    let mut bytes = Vec::new();
    body.take(LARGEST).read_to_end(&mut bytes).map_err(|_| BROKEN)?;
    Ok(bytes)
}

/// The coordinates that Maven writes into what it builds.
fn properties(bytes: &[u8]) -> Option<Record> {
    let (mut group, mut artifact, mut version) = (None, None, None);
    for line in lines(bytes).map(<[u8]>::trim_ascii).filter(|line| !line.starts_with(b"#")) {
        let Some(equals) = line.iter().position(|byte| matches!(byte, b'=' | b':')) else { continue };
        match line[..equals].trim_ascii() {
            b"groupId" => group = value(&line[equals + 1..]),
            b"artifactId" => artifact = value(&line[equals + 1..]),
            b"version" => version = value(&line[equals + 1..]),
            _ => {}
        }
    }
    // What a build should have put there, and did not, names nothing.
    let known = |text: &String| !text.contains("${");
    let record = Record::new("maven", artifact.filter(known)?, version.filter(known)?);
    Some(Record { namespace: Some(group.filter(known)?), ..record })
}

/// What the manifest of an archive says of it (JAR File Specification).
#[derive(Default)]
struct Manifest {
    vendor: Option<String>,
    version: Option<String>,
    bundle_version: Option<String>,
}

impl Manifest {
    /// The main section: it ends at the first empty line.
    fn of(bytes: &[u8]) -> Self {
        let mut manifest = Self::default();
        for line in lines(bytes).take_while(|line| !line.is_empty()) {
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
            let value = || value(&line[colon + 1..]);
            match line[..colon].to_ascii_lowercase().as_slice() {
                b"implementation-vendor-id" => manifest.vendor = value(),
                b"implementation-version" => manifest.version = value(),
                b"bundle-version" => manifest.bundle_version = value(),
                _ => {}
            }
        }
        manifest
    }

    /// The archive, by its file's name; it has a version, or nothing is said.
    fn record(self, path: &[u8]) -> Option<Record> {
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let name = String::from_utf8_lossy(&name[..name.len().saturating_sub(4)]);
        let is_version = |at: &usize| name[at + 1..].starts_with(|first: char| first.is_ascii_digit());
        let dash = name.match_indices('-').map(|(at, _)| at).find(is_version);
        let (artifact, written) = dash.map_or((&*name, None), |at| (&name[..at], Some(name[at + 1..].to_owned())));
        let version = written.or(self.version).or(self.bundle_version)?;
        if artifact.is_empty() {
            return None;
        }
        Some(Record { namespace: self.vendor, ..Record::new("maven", artifact, version) })
    }
}

#[cfg(test)]
pub(crate) mod tests;
