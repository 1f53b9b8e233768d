//! `var/lib/rpmmanifest/container-manifest-2`, the list that distroless images of Azure Linux have: a package a line, its
//! fields between tabs (name, version-release, times, vendor, epoch, size, architecture, epoch as a number, source).

use super::record;
use crate::database::{Records, lines};
use crate::layers::Reason;

/// Reads a list.
pub fn read(bytes: &[u8], records: &mut Records) -> Result<(), Reason> {
    for line in lines(bytes).filter(|line| !line.is_empty()) {
        let line = String::from_utf8_lossy(line);
        let fields: Vec<&str> = line.splitn(11, '\t').collect();
        let [name, whole, _, _, _, _, _, _, epoch, source, ..] = fields.as_slice() else {
            return Err(Reason::Format("a line of it has fewer than ten fields"));
        };
        let (version, release) = whole.rsplit_once('-').unwrap_or((whole, ""));
        let epoch = epoch.parse().unwrap_or(0);
        if let Some(record) = record((*name).to_owned(), epoch, version, release, Some(source)) {
            records.push(record)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_package() {
        let text = "bash\t5.1.8-4.cm2\t1653816591\t1653628924\tMicrosoft\t(none)\t3556144\tx86_64\t0\tbash-5.1.8-4.cm2.src.rpm\n\
                    libs\t1-2\t0\t0\tM\t1\t0\tx86_64\t1\tmain-3-4.src.rpm\n";
        let mut records = Records::with_room(1 << 16);
        read(text.as_bytes(), &mut records).unwrap();
        let [bash, libs] = records.into_list().try_into().unwrap();
        assert_eq!((bash.name.as_str(), bash.version.as_str(), bash.source), ("bash", "5.1.8-4.cm2", None));
        let source = libs.source.unwrap();
        assert_eq!(
            (libs.version.as_str(), source.name.as_str(), source.version.as_deref()),
            ("1:1-2", "main", Some("3-4"))
        );
        read(b"a\tb\n", &mut Records::with_room(1 << 16)).unwrap_err();
    }
}
