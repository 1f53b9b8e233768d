//! The build information of Go's executables, as `go version -m` shows it (`debug/buildinfo`).

use super::{Record, Records};
use crate::layers::Reason;

/// The section that has it, where the linker is Go's own.
pub(super) const SECTION: &[u8] = b".go.buildinfo";

const MAGIC: &[u8] = b"\xFF Go buildinf:";

/// The information begins at multiples of this, and is as long before its texts follow.
const ALIGN: usize = 16;
const FIXED: usize = 32;

/// The flag for texts that follow, instead of pointers to them.
const INLINE: u8 = 2;

/// Reads the information out of the data of an executable. Whether it has any.
pub fn read(data: &[u8], records: &mut Records) -> Result<bool, Reason> {
    let Some(information) = find(data) else { return Ok(false) };
    if information[15] & INLINE == 0 {
        return Err(Reason::Format("it was built by a Go before 1.18, whose build information is not read"));
    }
    let broken = Reason::Format("its Go build information is broken");
    let Some((version, rest)) = text(&information[FIXED..]) else { return Err(broken) };
    let Some((modules, _)) = text(rest) else { return Err(broken) };
    // `go1.24.1`, and then what the toolchain was built with.
    let toolchain = String::from_utf8_lossy(version);
    if let Some(version) = toolchain.split_whitespace().next().and_then(|version| version.strip_prefix("go")) {
        records.push(Record::new("golang", "stdlib", version))?;
    }
    // Sixteen bytes mark where the list begins and ends.
    let is_marked = modules.len() >= 33 && modules[modules.len() - 17] == b'\n';
    let modules = if is_marked { &modules[16..modules.len() - 16] } else { b"" };
    list(&String::from_utf8_lossy(modules), records)?;
    Ok(true)
}

fn find(data: &[u8]) -> Option<&[u8]> {
    let mut at = 0;
    while let Some(block) = data.get(at..).filter(|block| block.len() >= FIXED) {
        if block.starts_with(MAGIC) {
            return Some(block);
        }
        at += ALIGN;
    }
    None
}

/// A text behind its length (`binary.Uvarint`), and what follows.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut length: usize = 0;
    for (at, byte) in bytes.iter().take(5).enumerate() {
        length |= usize::from(byte & 0x7F) << (7 * at);
        if byte & 0x80 == 0 {
            return bytes[at + 1..].split_at_checked(length);
        }
    }
    None
}

/// The lines `mod`, `dep` and `=>`, each a path and a version between tabs. `=>` is what took the place of the one before.
fn list(modules: &str, records: &mut Records) -> Result<(), Reason> {
    let mut pending: Option<(&str, &str)> = None;
    for line in modules.lines() {
        let mut fields = line.split('\t');
        let (word, path, version) = (fields.next(), fields.next(), fields.next().unwrap_or_default());
        match (word, path) {
            (Some("mod" | "dep"), Some(path)) => push(pending.replace((path, version)), records)?,
            // A folder in its place has no version of its own, and no name that others know.
            (Some("=>"), Some(path)) => {
                let is_folder = path.starts_with(['.', '/']);
                pending = pending.map(|(replaced, _)| (if is_folder { replaced } else { path }, version));
            }
            _ => {}
        }
    }
    push(pending, records)
}

fn push(module: Option<(&str, &str)>, records: &mut Records) -> Result<(), Reason> {
    let Some((path, version)) = module.filter(|(path, _)| !path.is_empty()) else { return Ok(()) };
    let (namespace, name) = path.rsplit_once('/').map_or((None, path), |(namespace, name)| (Some(namespace), name));
    let record = Record::new("golang", name, version);
    records.push(Record { namespace: namespace.map(ToOwned::to_owned), ..record })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Build information as Go's linker writes it.
    pub(crate) fn information(version: &str, modules: &str) -> Vec<u8> {
        let mut bytes = [MAGIC, &[8, INLINE], &[0; 16]].concat();
        for text in [version.to_owned(), format!("0123456789abcdef{modules}0123456789abcdef")] {
            let mut length = text.len();
            while length >= 0x80 {
                bytes.push(u8::try_from(length & 0x7F).unwrap() | 0x80);
                length >>= 7;
            }
            bytes.push(u8::try_from(length).unwrap());
            bytes.extend(text.as_bytes());
        }
        bytes
    }

    fn packages(data: &[u8]) -> Vec<(String, String)> {
        let mut records = Records::with_room(1 << 16);
        assert!(read(data, &mut records).unwrap());
        let named = |record: Record| {
            let path = record.namespace.map_or(record.name.clone(), |space| format!("{space}/{}", record.name));
            (path, record.version)
        };
        records.into_list().into_iter().map(named).collect()
    }

    #[test]
    fn modules_are_listed_with_what_took_their_place() {
        let modules = "path\tgithub.com/acme/web/cmd\nmod\tgithub.com/acme/web\t(devel)\t\n\
                       dep\tgolang.org/x/net\tv0.1.0\th1:a=\ndep\texample.com/old\tv1.0.0\n=>\texample.com/new/v2\tv2.0.0\th1:b=\n\
                       dep\texample.com/here\tv1.0.0\n=>\t./here\t\nbuild\tGOOS=linux\n";
        let data = [vec![0; 48], information("go1.24.1 X:boringcrypto", modules)].concat();
        let expected = [
            ("stdlib", "1.24.1"),
            ("github.com/acme/web", "(devel)"),
            ("golang.org/x/net", "v0.1.0"),
            ("example.com/new/v2", "v2.0.0"),
            ("example.com/here", ""),
        ];
        assert_eq!(packages(&data), expected.map(|(path, version)| (path.to_owned(), version.to_owned())));
    }

    #[test]
    fn information_that_is_cut_is_broken_and_absent_information_is_none() {
        let mut records = Records::with_room(1 << 16);
        let whole = information("go1.24.1", "mod\ta\tv1\t\n");
        for length in 32..whole.len() {
            read(&whole[..length], &mut records).unwrap_err();
        }
        for none in [b"".as_slice(), &whole[..31], &[b"x", whole.as_slice()].concat(), &[0; 4096]] {
            assert!(!read(none, &mut records).unwrap());
        }
        let mut pointers = whole;
        pointers[15] = 0;
        let error = read(&pointers, &mut records).unwrap_err();
        assert_eq!(error.to_string(), "it was built by a Go before 1.18, whose build information is not read");
    }
}
