//! Objects by their names: each in a file of its own, or in packs (`gitrepository-layout(5)`, `gitformat-pack(5)`).

use std::io::Read as _;

use camino::{Utf8Path, Utf8PathBuf};
use flate2::read::ZlibDecoder;

use super::pack::Pack;

/// The name of an object: its SHA-1.
pub(super) type Id = [u8; 20];

/// The most bytes of an object, as of a file that is compared with it.
pub(super) const OBJECT_BYTES: u64 = 64 << 20;
/// The most folders of objects that lead to others.
const FOLDERS: usize = 16;
/// The most packs.
const PACKS: usize = 10_000;

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Commit,
    Tree,
    Blob,
    Tag,
}

/// The objects of a repository.
pub(super) struct Objects {
    folders: Vec<Utf8PathBuf>,
    packs: Vec<Pack>,
}

impl Objects {
    pub(super) fn open(folder: &Utf8Path) -> Result<Self, String> {
        let mut folders = vec![folder.to_owned()];
        let mut next = 0;
        while let Some(folder) = folders.get(next).cloned() {
            next += 1;
            let text = imagelock_files::text(&folder.join("info/alternates"), 1 << 20);
            let text = text.map_err(|error| error.to_string())?.unwrap_or_default();
            let others = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
            for other in others.map(|line| folder.join(line)) {
                if !folders.contains(&other) && folders.len() < FOLDERS {
                    folders.push(other);
                }
            }
        }
        let mut packs = Vec::new();
        for folder in &folders {
            let Ok(entries) = folder.join("pack").read_dir_utf8() else { continue };
            let names = entries.filter_map(Result::ok).map(camino::Utf8DirEntry::into_path);
            let mut names: Vec<_> = names.filter(|path| path.extension() == Some("idx")).collect();
            names.sort_unstable();
            for name in names.into_iter().take(PACKS) {
                packs.extend(Pack::open(&name).map_err(|reason| format!("`{name}`: {reason}"))?);
            }
        }
        Ok(Self { folders, packs })
    }

    /// What an object of this kind holds.
    pub(super) fn get(&mut self, id: &Id, kind: Kind) -> Result<Vec<u8>, String> {
        match self.any(id)? {
            (found, bytes) if found == kind => Ok(bytes),
            _ => Err(format!("{} is something else than it should be", hex(id))),
        }
    }

    /// An object, whatever it is.
    pub(super) fn any(&mut self, id: &Id) -> Result<(Kind, Vec<u8>), String> {
        let told = |reason: String| format!("object {}: {reason}", hex(id));
        for pack in &mut self.packs {
            if let Some(found) = pack.get(id).map_err(told)? {
                return Ok(found);
            }
        }
        let name = hex(id);
        for folder in &self.folders {
            let path = folder.join(&name[..2]).join(&name[2..]);
            let bytes = imagelock_files::bytes(&path, OBJECT_BYTES).map_err(|error| told(error.to_string()))?;
            if let Some(bytes) = bytes {
                return loose(&bytes).ok_or_else(|| told("it is broken".to_owned()));
            }
        }
        Err(told("it is not here; a clone of a part of the history lacks it".to_owned()))
    }
}

/// `kind size`, a zero byte, and what it holds, in one stream of zlib's.
fn loose(bytes: &[u8]) -> Option<(Kind, Vec<u8>)> {
    let mut object = Vec::new();
    ZlibDecoder::new(bytes).take(OBJECT_BYTES + 1).read_to_end(&mut object).ok()?;
    let end = object.iter().position(|byte| *byte == 0)?;
    let kind = match object[..end].split(|byte| *byte == b' ').next()? {
        b"commit" => Kind::Commit,
        b"tree" => Kind::Tree,
        b"blob" => Kind::Blob,
        b"tag" => Kind::Tag,
        _ => return None,
    };
    (object.len() as u64 <= OBJECT_BYTES).then(|| (kind, object.split_off(end + 1)))
}

/// The object that a name of forty digits means.
pub(super) fn id(text: &str) -> Option<Id> {
    if text.len() != 40 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut id = Id::default();
    for (byte, at) in id.iter_mut().zip((0..40).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
    }
    Some(id)
}

pub(super) fn hex(id: &Id) -> String {
    id.iter().fold(String::with_capacity(40), |name, byte| name + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_forty_digits() {
        let name = "00ff".to_owned() + &"ab".repeat(18);
        assert_eq!(id(&name).map(|id| hex(&id)), Some(name.clone()));
        for text in ["", "00ff", &"+1".repeat(20), &"é".repeat(20), &format!("{name}0")] {
            assert_eq!(id(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for bytes in [&b""[..], b"blob 1\0x", &[0x78, 0x9c]] {
            assert_eq!(loose(bytes), None);
        }
    }
}
