//! Which files Git tracks, read from its index: what it ignores and tracks nevertheless is part of a repository.
//!
//! The format is `gitformat-index(5)`, versions 2 to 4. Only names are read; what follows the entries is looked at for
//! one thing, whether the index is whole.

use camino::Utf8Path;

/// The most bytes of an index: a million files with long names.
const INDEX_BYTES: u64 = 512 << 20;
/// The most bytes of a `.git` that is a file.
const LINK_BYTES: u64 = 64 << 10;
/// The bytes of an entry in front of its object's name.
const FACTS: usize = 40;
/// The flag of an entry that has two bytes more.
const EXTENDED: u16 = 0x4000;
/// The bits of the flags that hold the length of the name, as far as they reach.
const LENGTH: u16 = 0x0fff;

/// The tracked files of one repository of Git's, by their paths from its top, sorted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tracked(Vec<Vec<u8>>);

impl Tracked {
    /// Reads the index of the repository at `top`, or says why it cannot be used.
    pub(crate) fn read(top: &Utf8Path) -> Result<Self, String> {
        let folder = folder(top)?;
        let bytes =
            imagelock_files::bytes(&folder.join("index"), INDEX_BYTES).map_err(|error| error.problem.to_string())?;
        // Nothing was added yet.
        let Some(bytes) = bytes else { return Ok(Self::default()) };
        // What names objects has 20 bytes or 32, which only the settings tell, and only one of them fits.
        let parsed = parse(&bytes, 20).or_else(|| parse(&bytes, 32));
        let (mut names, whole) = parsed.ok_or("it is no index of Git's that is known here")?;
        if !whole {
            return Err("it is split into two files, which is not read".to_owned());
        }
        names.sort_unstable();
        Ok(Self(names))
    }

    /// Whether a file is tracked.
    pub(crate) fn has(&self, path: &Utf8Path) -> bool {
        self.0.binary_search_by(|name| name.as_slice().cmp(path.as_str().as_bytes())).is_ok()
    }

    /// Whether anything in a folder is.
    pub(crate) fn has_below(&self, folder: &Utf8Path) -> bool {
        let folder = format!("{folder}/");
        let first = self.0.partition_point(|name| name.as_slice() < folder.as_bytes());
        self.0.get(first).is_some_and(|name| name.starts_with(folder.as_bytes()))
    }
}

/// Where Git keeps what it knows of the repository at `top`.
pub(crate) fn folder(top: &Utf8Path) -> Result<camino::Utf8PathBuf, String> {
    let git = top.join(".git");
    if git.is_dir() { Ok(git) } else { linked(top, &git) }
}

/// The folder that a `.git` file names: a working tree beside another, or a submodule.
fn linked(top: &Utf8Path, git: &Utf8Path) -> Result<camino::Utf8PathBuf, String> {
    let text = imagelock_files::text(git, LINK_BYTES).map_err(|error| error.problem.to_string())?.unwrap_or_default();
    let folder = text.strip_prefix("gitdir:").map(|folder| top.join(folder.trim()));
    folder.ok_or_else(|| "`.git` does not say where it is".to_owned())
}

/// The names of all entries, and whether there are no more in another file; nothing where the bytes are no index with
/// objects' names of so many bytes.
fn parse(bytes: &[u8], object: usize) -> Option<(Vec<Vec<u8>>, bool)> {
    let mut rest = bytes.strip_prefix(b"DIRC")?;
    let version = number(&mut rest)?;
    let count = number(&mut rest)?;
    if !(2..=4).contains(&version) {
        return None;
    }
    let mut names: Vec<Vec<u8>> = Vec::new();
    for _ in 0..count {
        let entry = rest;
        rest = rest.get(FACTS + object..)?;
        let flags = u16::from_be_bytes(take(&mut rest)?);
        if flags & EXTENDED != 0 {
            take::<2>(&mut rest)?;
        }
        let mut name = Vec::new();
        if version == 4 {
            let cut = varint(&mut rest)?;
            let last = names.last().map(Vec::as_slice).unwrap_or_default();
            name.extend_from_slice(last.get(..last.len().checked_sub(cut)?)?);
        }
        let end = rest.iter().position(|byte| *byte == 0)?;
        name.extend_from_slice(&rest[..end]);
        // Also how it shows that another length of objects' names was meant.
        if name.is_empty() || name.len().min(usize::from(LENGTH)) != usize::from(flags & LENGTH) {
            return None;
        }
        rest = rest.get(end + 1..)?;
        if version < 4 {
            let padding = (8 - (entry.len() - rest.len()) % 8) % 8;
            let (padding, after) = rest.split_at_checked(padding)?;
            if padding.iter().any(|byte| *byte != 0) {
                return None;
            }
            rest = after;
        }
        names.push(name);
    }
    let extensions = rest.len().checked_sub(object)?;
    Some((names, !rest[..extensions].starts_with(b"link")))
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*taken)
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    take(rest).map(u32::from_be_bytes)
}

/// A number of groups of seven bits, each but the last one less than it is (`gitformat-pack(5)`, `OBJ_OFS_DELTA`).
fn varint(rest: &mut &[u8]) -> Option<usize> {
    let [mut byte] = take(rest)?;
    let mut value = usize::from(byte & 0x7f);
    while byte & 0x80 != 0 {
        [byte] = take(rest)?;
        value = value.checked_add(1)?.checked_mul(0x80)?.checked_add(usize::from(byte & 0x7f))?;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An index as Git writes it, with objects' names of so many bytes.
    fn index(version: u32, object: usize, names: &[&str], extension: &[u8]) -> Vec<u8> {
        let mut bytes = b"DIRC".to_vec();
        bytes.extend(version.to_be_bytes());
        bytes.extend(u32::try_from(names.len()).unwrap().to_be_bytes());
        let mut last = "";
        for name in names {
            let start = bytes.len();
            bytes.extend(vec![7; FACTS + object]);
            bytes.extend(u16::try_from(name.len().min(0xfff)).unwrap().to_be_bytes());
            if version == 4 {
                let common = last.bytes().zip(name.bytes()).take_while(|(one, other)| one == other).count();
                bytes.push(u8::try_from(last.len() - common).unwrap());
                bytes.extend(name[common..].bytes().chain([0]));
            } else {
                bytes.extend(name.bytes().chain([0]));
                while !(bytes.len() - start).is_multiple_of(8) {
                    bytes.push(0);
                }
            }
            last = name;
        }
        bytes.extend(extension);
        bytes.extend(vec![9; object]);
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Tracked, String> {
        let folder = tempfile::tempdir().unwrap();
        let top = Utf8Path::from_path(folder.path()).unwrap();
        fs_err::create_dir(top.join(".git")).unwrap();
        fs_err::write(top.join(".git/index"), bytes).unwrap();
        Tracked::read(top)
    }

    #[test]
    fn every_version_and_every_length_of_object_names_is_read() {
        let long = "l/".repeat(2500) + "x";
        for version in [2, 3, 4] {
            for object in [20, 32] {
                let names: &[&str] = if version == 4 { &["a", "b/c", "b/d", "bb"] } else { &["a", "b/c", "bb", &long] };
                let tracked = read(&index(version, object, names, b"TREE\0\0\0\0")).unwrap();
                for name in names {
                    assert!(tracked.has(Utf8Path::new(name)), "{version} {object} {name}");
                }
                assert!(tracked.has_below(Utf8Path::new("b")) && !tracked.has_below(Utf8Path::new("a")));
                assert!(!tracked.has(Utf8Path::new("b")) && !tracked.has_below(Utf8Path::new("c")));
            }
        }
    }

    #[test]
    fn what_is_no_index_is_refused_at_every_byte_and_allocates_nothing_for_its_promises() {
        let whole = index(2, 20, &["a", "b/c"], b"");
        for length in 0..whole.len() {
            assert!(parse(&whole[..length], 20).is_none(), "{length}");
        }
        assert!(parse(&[b"DIRC".as_slice(), &[0, 0, 0, 2], &[0xff; 4]].concat(), 20).is_none());
        assert!(parse(&[b"DIRC".as_slice(), &[0, 0, 0, 9], &[0; 60]].concat(), 20).is_none());
        assert_eq!(read(b"junk").unwrap_err(), "it is no index of Git's that is known here");
        assert!(read(&index(2, 20, &["a"], b"link\0\0\0\0")).unwrap_err().contains("split"));
    }

    #[test]
    fn an_index_is_found_behind_a_file_and_none_tracks_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let top = Utf8Path::from_path(folder.path()).unwrap();
        fs_err::create_dir_all(top.join("real")).unwrap();
        fs_err::write(top.join(".git"), "gitdir: real\n").unwrap();
        assert_eq!(Tracked::read(top), Ok(Tracked::default()));
        fs_err::write(top.join("real/index"), index(2, 20, &["a"], b"")).unwrap();
        assert!(Tracked::read(top).unwrap().has(Utf8Path::new("a")));
        fs_err::write(top.join(".git"), "x").unwrap();
        assert!(Tracked::read(top).is_err());
    }
}
