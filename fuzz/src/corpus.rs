//! Where seeds and regressions are: `fuzz/seeds/TARGET/` and `fuzz/regressions/TARGET/`, a file for each input.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use imagelock_core::Digest;

/// The folder of this crate in the checkout that it was built from.
pub fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The inputs from which a target is explored, by the names of their files.
pub fn seeds(folder: &Path, target: &str) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    inputs(&folder.join("seeds").join(target))
}

/// The inputs that failed once, by the names of their files.
pub fn regressions(folder: &Path, target: &str) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    inputs(&folder.join("regressions").join(target))
}

/// Every file of a folder, in the order of their names; none where the folder is absent.
fn inputs(folder: &Path) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut inputs = Vec::new();
    if !folder.is_dir() {
        return Ok(inputs);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let content = fs::read(&path)?;
        inputs.push((path, content));
    }
    inputs.sort();
    Ok(inputs)
}

/// Keeps an input that fails, under a name that says how and that the same input gets again.
pub fn keep(folder: &Path, target: &str, kind: &str, input: &[u8]) -> io::Result<PathBuf> {
    let folder = folder.join("regressions").join(target);
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{kind}-{}", Digest::sha256(input).short().replace("sha256:", "")));
    fs::write(&path, input)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_replayed() {
        let folder = tempfile::tempdir().unwrap();
        assert!(regressions(folder.path(), "link").unwrap().is_empty());
        let path = keep(folder.path(), "link", "panic", b"<x>").unwrap();
        assert_eq!(keep(folder.path(), "link", "panic", b"<x>").unwrap(), path);
        assert!(path.file_name().unwrap().to_str().unwrap().starts_with("panic-"), "{}", path.display());
        assert_eq!(regressions(folder.path(), "link").unwrap(), [(path, b"<x>".to_vec())]);
    }
}
