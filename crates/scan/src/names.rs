//! Where texts take images of the lock by the names that the project file gives them: `@images//web` in Bazel,
//! `module.images.refs["web"]` in Terraform, `FROM images+web` in Earthfiles.
//!
//! Such a place has no reference: what it says is decided where the lock is read. So nothing is told of it but the name,
//! and more is found than is meant: a name is looked for to learn that an image is used.

use std::sync::LazyLock;

use camino::Utf8Path;
use regex::Regex;

/// How a language takes images by their names, if it does.
struct Language {
    /// The ends of files' names.
    files: &'static [&'static str],
    /// What stands round a name, which is the first group that matched.
    pattern: LazyLock<Option<Regex>>,
}

/// The name of an image, as `imagelock_core::ImageName` has it.
macro_rules! name {
    () => {
        "([a-z0-9][a-z0-9._-]*)"
    };
}

static LANGUAGES: [Language; 3] = [
    Language {
        files: &["BUILD", "BUILD.bazel", "MODULE.bazel", "WORKSPACE", "WORKSPACE.bazel", ".bzl", ".star"],
        pattern: LazyLock::new(|| {
            Regex::new(concat!("@[A-Za-z0-9._~+-]+//:?", name!(), r#"|\[\s*["']"#, name!(), r#"["']\s*\]"#)).ok()
        }),
    },
    Language {
        files: &[".tf", ".tofu", ".tf.json", ".tftest.hcl", ".hcl"],
        pattern: LazyLock::new(|| {
            let attribute = r"\.(?:refs|tagged|images\.images)\.([a-z0-9][a-z0-9_-]*)";
            let index = concat!(r#"\[\s*\\?""#, name!(), r#"\\?"\s*\]"#);
            Regex::new(&format!("{index}|{attribute}")).ok()
        }),
    },
    Language {
        files: &["Earthfile", ".earth"],
        pattern: LazyLock::new(|| Regex::new(concat!(r"[A-Za-z0-9_./-]\+", name!())).ok()),
    },
];

/// Whether a file may take images by their names.
pub fn takes_names(path: &Utf8Path) -> bool {
    language(path).is_some()
}

/// The names that a text may take images by; many are none.
pub fn names<'t>(path: &Utf8Path, text: &'t str) -> impl Iterator<Item = &'t str> {
    let pattern = language(path).and_then(|language| language.pattern.as_ref());
    let found = pattern.into_iter().flat_map(move |pattern| pattern.captures_iter(text));
    found
        .filter_map(|found| found.iter().skip(1).flatten().next())
        .map(|name| name.as_str().trim_end_matches(['.', '-', '_']))
}

fn language(path: &Utf8Path) -> Option<&'static Language> {
    let name = path.file_name()?;
    let ends = |end: &&str| if end.starts_with('.') { name.ends_with(end) } else { name == *end };
    LANGUAGES.iter().find(|language| language.files.iter().any(ends))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'t>(path: &str, text: &'t str) -> Vec<&'t str> {
        let path = Utf8Path::new(path);
        assert!(takes_names(path), "{path}");
        names(path, text).collect()
    }

    #[test]
    fn every_language_takes_names_in_its_own_way() {
        let bazel =
            "base = \"@images//static\", \"@@images~//:my-db:linux_amd64\", IMAGES[\"web.1\"], load(\"//a:b.bzl\")";
        assert_eq!(found("services/web/BUILD.bazel", bazel), ["static", "my-db", "web.1"]);
        let terraform = "image = module.images.refs[ \"postgres\" ]\nother = module.images.tagged.web\nx = \"redis\"\n";
        assert_eq!(found("infra/main.tf", terraform), ["postgres", "web"]);
        assert_eq!(found("main.tf.json", r#"{"image": "${module.images.refs[\"db\"]}"}"#), ["db"]);
        assert_eq!(
            found("Earthfile", "FROM images+static\nFROM ./images+my-db --x=y\nBUILD +own\n"),
            ["static", "my-db"]
        );
    }

    #[test]
    fn other_files_take_none() {
        for path in ["a.yaml", "BUILD.md", "notBUILD", ""] {
            assert!(!takes_names(Utf8Path::new(path)), "{path}");
            assert_eq!(names(Utf8Path::new(path), "@images//web images+web [\"web\"]").count(), 0);
        }
    }
}
