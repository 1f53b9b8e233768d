//! Which program a name means.

use std::env::consts::EXE_SUFFIX;
use std::path::PathBuf;

/// The program called `name` in the first of `folders`, as `PATH` lists them, that has it. A relative folder is passed
/// over: it may lie in the repository that is worked on, whose author should not choose what is run.
pub fn program(folders: impl IntoIterator<Item = PathBuf>, name: &str) -> Option<PathBuf> {
    let file = format!("{name}{EXE_SUFFIX}");
    let absolute = folders.into_iter().filter(|folder| folder.is_absolute());
    absolute.map(|folder| folder.join(&file)).find(|program| program.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_absolute_folder_that_has_it_is_taken() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = |name: &str| {
            let folder = scratch.path().join(name);
            std::fs::create_dir_all(&folder).unwrap();
            folder
        };
        let (empty, first, second) = (folder("empty"), folder("first"), folder("second"));
        let file = format!("tool{EXE_SUFFIX}");
        for folder in [&first, &second] {
            std::fs::write(folder.join(&file), "").unwrap();
        }
        // A folder of the name is no program.
        folder(&format!("empty/{file}"));
        let folders = [PathBuf::from("."), empty, first.clone(), second];
        assert_eq!(program(folders.clone(), "tool"), Some(first.join(&file)));
        assert_eq!(program(folders, "other"), None);
        // Tests run in the folder of their package, which has this file.
        let is_here = PathBuf::from("Cargo.toml").is_file();
        assert!(is_here && program([PathBuf::from(".")], "Cargo.toml").is_none());
    }
}
