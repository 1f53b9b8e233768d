//! A package that is published says what it is, by itself: on its page there is nothing of the repository around it.

use camino::Utf8Path;

/// What each of them has beside its manifest.
const FILES: [&str; 3] = ["README.md", "LICENSE-APACHE", "LICENSE-MIT"];
/// What each manifest says.
const KEYS: [&str; 4] = ["description", "keywords", "categories", "license"];

/// Whatever is missing.
pub(super) fn findings(files: &[(String, String)]) -> Vec<String> {
    let there = |file: &str| files.iter().any(|(name, _)| name == file);
    let mut found = Vec::new();
    let manifests = files.iter().filter(|(name, text)| name.ends_with("/Cargo.toml") && text.contains("\n[lints]\n"));
    for (name, manifest) in manifests.filter(|(_, text)| !text.contains("\npublish = false\n")) {
        let folder = Utf8Path::new(name).parent().unwrap_or(Utf8Path::new(""));
        // A package that names the README of the repository has that one.
        let missing = FILES.iter().filter(|file| !there(folder.join(file).as_str()));
        let missing = missing.filter(|file| **file != "README.md" || !manifest.contains("\nreadme = \""));
        found.extend(missing.map(|file| format!("{folder}: no {file}")));
        let said =
            |key: &str| manifest.contains(&format!("\n{key} = ")) || manifest.contains(&format!("\n{key}.workspace"));
        found.extend(KEYS.iter().filter(|key| !said(key)).map(|key| format!("{name}: no `{key}`")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_published_package_has_what_its_page_shows() {
        let whole = "[package]\ndescription = \"x\"\nkeywords.workspace = true\nlicense.workspace = true\n\n[lints]\n";
        let kept = "[package]\npublish = false\n\n[lints]\n";
        let files = [("x/Cargo.toml", whole), ("x/LICENSE-MIT", ""), ("y/Cargo.toml", kept)];
        let files = files.map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(findings(&files), ["x: no README.md", "x: no LICENSE-APACHE", "x/Cargo.toml: no `categories`"]);
    }
}
