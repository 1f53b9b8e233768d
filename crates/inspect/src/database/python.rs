//! Python's packages: `*.dist-info/METADATA` and `*.egg-info/PKG-INFO` (core metadata specifications).

use super::{Record, Records, lines, value};
use crate::layers::Reason;

/// The longest licence that is a name and not its text, in bytes.
const LICENSE: usize = 128;

/// Reads the fields before the description.
pub fn read(bytes: &[u8], records: &mut Records) -> Result<(), Reason> {
    let (mut name, mut version, mut license, mut expression) = (None, None, None, None);
    for line in lines(bytes).take_while(|line| !line.is_empty()) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let field = match line[..colon].to_ascii_lowercase().as_slice() {
            b"name" => &mut name,
            b"version" => &mut version,
            b"license" => &mut license,
            b"license-expression" => &mut expression,
            _ => continue,
        };
        // A field that comes twice is read as the first, as Python's own reader of headers does.
        *field = std::mem::take(field).or_else(|| value(&line[colon + 1..]));
    }
    if let (Some(name), Some(version)) = (name, version) {
        let license = expression.or(license).filter(|license| license.len() <= LICENSE && license != "UNKNOWN");
        records.push(Record { license, ..Record::new("pypi", normalized(&name), version) })?;
    }
    Ok(())
}

/// The name by which an index knows a package (PEP 503).
fn normalized(name: &str) -> String {
    let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
    parts.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::testing::records;

    fn packages(text: &str) -> Vec<Record> {
        records(read, text)
    }

    #[test]
    fn a_package_has_the_name_of_its_index() {
        let text =
            "Metadata-Version: 2.4\nName: Zope.Interface__x\nVersion: 7.2\nLicense-Expression: ZPL-2.1\n\nName: no\n";
        let [package] = packages(text).try_into().unwrap();
        assert_eq!((package.name.as_str(), package.version.as_str()), ("zope-interface-x", "7.2"));
        assert_eq!(package.license.as_deref(), Some("ZPL-2.1"));
    }

    #[test]
    fn what_has_no_name_or_version_is_no_package() {
        assert_eq!(packages("Name: a\n\nVersion: 1\n"), []);
        assert_eq!(packages(": \n"), []);
        assert_eq!(packages("Name: -_.\nVersion: 1\n"), []);
    }
}
