//! RPM's databases: SQLite, SUSE's own, and the list that distroless images have instead.
//!
//! A database has the header of each package as one piece of bytes, in a row of the table `Packages` or behind a slot. All of
//! it is read here: no SQL runs, and no C. Berkeley DB, which rpm has not written since 2021, is
//! named and not read.

pub mod header;
pub mod manifest;
pub mod ndb;
mod pages;
pub mod sqlite;

use std::io::Read;

use super::{Record, Records};
use crate::layers::Reason;
use crate::package::Source;

/// Reads an `rpmdb.sqlite`, of which no more than `limit` bytes are held.
pub fn read(source: &mut dyn Read, limit: usize, records: &mut Records) -> Result<(), Reason> {
    sqlite::rows(source, limit, b"Packages", &mut |row| match header::read(row) {
        Some(Some(record)) => records.push(record),
        Some(None) => Ok(()),
        None => Err(Reason::Format("a header of a package in it is broken")),
    })
}

/// A package of RPM by its parts. `None` for the keys that signed packages, which are kept as packages too.
fn record(name: String, epoch: u32, version: &str, release: &str, source: Option<&str>) -> Option<Record> {
    if name == "gpg-pubkey" {
        return None;
    }
    let epoch = if epoch == 0 { String::new() } else { format!("{epoch}:") };
    let mut record = Record::new("rpm", name, format!("{epoch}{version}-{release}"));
    record.source = source.and_then(source_of).and_then(|(name, source_version)| {
        let is_version = source_version == format!("{version}-{release}");
        let version = (!is_version).then(|| source_version.to_owned());
        (name != record.name || version.is_some()).then(|| Source { name: name.to_owned(), version })
    });
    Some(record)
}

/// The name and the version of `NAME-VERSION-RELEASE.src.rpm`.
fn source_of(file: &str) -> Option<(&str, &str)> {
    let whole = file.strip_suffix(".rpm")?;
    let whole = whole.strip_suffix(".src").or_else(|| whole.strip_suffix(".nosrc"))?;
    let (rest, _) = whole.rsplit_once('-')?;
    let (name, _) = rest.rsplit_once('-')?;
    Some((name, &whole[name.len() + 1..]))
}

#[cfg(test)]
mod tests;
