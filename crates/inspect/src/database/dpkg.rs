//! The database of dpkg: `var/lib/dpkg/status`, or a file for each package in `status.d` (deb-control(5)).

use super::{Record, Records, lines, value};
use crate::layers::Reason;
use crate::package::Source;

/// Reads the packages that are installed: those whose files are there and set up. What has left its configuration alone
/// behind, or was only unpacked, is not; a package that is held, or to be removed one day, is.
///
/// Files of `status.d` have no status: there everything is installed.
pub fn read(bytes: &[u8], records: &mut Records) -> Result<(), Reason> {
    let mut stanza = Stanza::default();
    for line in lines(bytes).chain([b"".as_slice()]) {
        if line.trim_ascii().is_empty() {
            if let Some(record) = std::mem::take(&mut stanza).record() {
                records.push(record)?;
            }
            continue;
        }
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (field, rest) = (&line[..colon], &line[colon + 1..]);
        let is = |name: &str| field.eq_ignore_ascii_case(name.as_bytes());
        if is("Package") {
            stanza.name = value(rest);
        } else if is("Version") {
            stanza.version = value(rest);
        } else if is("Source") {
            stanza.source = value(rest);
        } else if is("Status") {
            stanza.status = value(rest);
        }
    }
    Ok(())
}

#[derive(Default)]
struct Stanza {
    name: Option<String>,
    version: Option<String>,
    source: Option<String>,
    status: Option<String>,
}

impl Stanza {
    fn record(self) -> Option<Record> {
        if !self.status.as_deref().is_none_or(is_installed) {
            return None;
        }
        let mut record = Record::new("deb", self.name?, self.version?);
        record.source = self.source.as_deref().map(source).filter(|source| {
            let is_itself = source.version.as_ref().is_none_or(|version| *version == record.version);
            source.name != record.name || !is_itself
        });
        Some(record)
    }
}

/// The last of the three words of a status: what dpkg wants, whether it is broken, what it is (dpkg(1)).
fn is_installed(status: &str) -> bool {
    matches!(status.split_whitespace().next_back(), Some("installed" | "triggers-awaited" | "triggers-pending"))
}

/// `NAME` or `NAME (VERSION)`.
fn source(text: &str) -> Source {
    let (name, rest) = text.split_once('(').unwrap_or((text, ""));
    let version = rest.trim().strip_suffix(')').unwrap_or(rest).trim();
    Source { name: name.trim().to_owned(), version: (!version.is_empty()).then(|| version.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::testing::records;

    fn packages(text: &str) -> Vec<Record> {
        records(read, text)
    }

    #[test]
    fn a_package_has_its_source_and_the_sources_version() {
        let text = "Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\nSource: openssl\n\
                    Version: 3.0.15-1~deb12u1\nDescription: libraries\n Version: 9\n .\n Package: x\n\n\
                    Package: gcc-12-base\nStatus: hold ok installed\nVersion: 12.2.0-14\nSource: gcc-12 (12.2.0)\n\n\
                    package: bash\nVERSION: 5.2.15-2+b7\nSource: bash (5.2.15-2)\nStatus: install ok triggers-pending\n";
        let [ssl, gcc, bash] = packages(text).try_into().unwrap();
        assert_eq!((ssl.name.as_str(), ssl.version.as_str()), ("libssl3", "3.0.15-1~deb12u1"));
        assert_eq!(ssl.source, Some(Source { name: "openssl".to_owned(), version: None }));
        assert_eq!(gcc.source, Some(Source { name: "gcc-12".to_owned(), version: Some("12.2.0".to_owned()) }));
        assert_eq!(bash.source, Some(Source { name: "bash".to_owned(), version: Some("5.2.15-2".to_owned()) }));
    }

    #[test]
    fn what_is_not_installed_is_left_out() {
        let stanza = |status: &str| format!("Package: a\nStatus: {status}\nVersion: 1\n\n");
        for status in ["deinstall ok config-files", "purge ok not-installed", "install reinstreq half-installed", "x"] {
            assert_eq!(packages(&stanza(status)), [], "{status}");
        }
    }

    #[test]
    fn a_file_of_its_own_needs_no_status() {
        let text = "Package: base-files\nVersion: 12.4+deb12u5\nMaintainer: a:b\n";
        assert_eq!(packages(text), [Record::new("deb", "base-files", "12.4+deb12u5")]);
    }
}
