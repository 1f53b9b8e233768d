//! `cargo xtask tidy`: the rules of this repository that no compiler checks. They are a test too.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use camino::Utf8Path;
use fs_err as fs;
use regex::Regex;

use crate::shell;

mod docs;
mod packages;
mod security;

/// The longest file that is read at a sitting; tests at its end are not counted.
const MAX_LINES: usize = 400;

/// Check the rules that no compiler knows
#[derive(clap::Args)]
pub(crate) struct Tidy {}

impl Tidy {
    #[expect(clippy::unused_self, reason = "every chore is run the same way")]
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let findings = findings(shell::repository())?;
        for finding in &findings {
            shell::result(finding);
        }
        Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Looks at every file that git knows or would add, and at every folder that must be complete.
fn findings(root: &Utf8Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for name in names(root)? {
        // A file that is no text has no lines, and one that was just removed has nothing.
        let text = fs::read_to_string(root.join(&name)).unwrap_or_default();
        files.push((name, text));
    }
    let mut found = Vec::new();
    for (name, text) in &files {
        found.extend(of_text(name, text)?.into_iter().map(|finding| format!("{name}{finding}")));
    }
    found.extend(of_adapters(&files));
    found.extend(of_templates(&files));
    found.extend(docs::findings(&files)?);
    found.extend(packages::findings(&files));
    found.extend(security::findings(&files)?);
    Ok(found)
}

fn names(root: &Utf8Path) -> Result<Vec<String>> {
    let names = shell::git(root, &["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
    let names = String::from_utf8(names).context("a file's name is not UTF-8")?;
    Ok(names.split_terminator('\0').map(str::to_owned).collect())
}

/// The rules for one file. A finding starts with `:` and the line.
fn of_text(file: &str, text: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    // The folders are taken apart so that this file does not name one.
    let personal = Regex::new(
        &["/(?:ho", "me|Us", "ers)/[a-z]+/(?:src|work|code|projects|repos)/|/ro", "ot/|/wo", "rk/"].concat(),
    )?;
    let unfinished = Regex::new(&[r"\b(?:TO", "DO|FIX", r"ME|XX", r"X)\b|^<{7} |^>{7} "].concat())?;
    for (number, line) in text.lines().enumerate().map(|(number, line)| (number + 1, line)) {
        if line.ends_with([' ', '\t']) && !is_exact(file) {
            found.push(format!(":{number}: spaces at the end of the line"));
        }
        if personal.is_match(line) {
            found.push(format!(":{number}: a path of one machine"));
        }
        if unfinished.is_match(line) && !is_exact(file) {
            found.push(format!(":{number}: something unfinished"));
        }
    }
    if !text.is_empty() && !text.ends_with('\n') && !is_exact(file) {
        found.push(format!(":{}: no end of line at the end of the file", text.lines().count()));
    }
    if has_extension(file, "rs") {
        let lines = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).count();
        let says_why = text.lines().take_while(|line| line.starts_with("//")).any(|line| line.contains("long because"));
        // Cases are read one at a time.
        let is_test = file.contains("/tests/") || file.ends_with("/tests.rs");
        if lines > MAX_LINES && !says_why && !is_test {
            found.push(format!(":1: {lines} lines, and no `long because …` at the top"));
        }
        if !is_test && !text.starts_with("//!") {
            found.push(":1: does not open with what it is for".to_owned());
        }
    }
    Ok(found)
}

/// Whether a file is compared byte by byte, so that its faults may be its point.
fn is_exact(file: &str) -> bool {
    let folders = [
        "/corpus/",
        "/fixtures/",
        "/golden/",
        "/locks/",
        "/regressions/",
        "/seeds/",
        "/snapshots/",
        "/testdata/",
        "/vectors/",
    ];
    folders.iter().any(|folder| file.contains(folder))
        || has_extension(file, "snap")
        || file.rsplit('/').next().is_some_and(|name| name.starts_with("LICENSE"))
}

fn has_extension(file: &str, extension: &str) -> bool {
    Utf8Path::new(file).extension() == Some(extension)
}

/// A template that no adapter or command asks for by its name is left over.
fn of_templates(files: &[(String, String)]) -> Vec<String> {
    let templates = files.iter().filter_map(|(name, _)| name.strip_prefix("templates/")?.strip_suffix(".tera"));
    let quoted = |template: &str| format!("\"{template}\"");
    let used = |template: &&str| {
        let asks = |name: &str| name.starts_with("integrations/") || name.starts_with("crates/cli/src/command/");
        let users = files.iter().filter(|(name, _)| asks(name) && has_extension(name, "rs"));
        users.into_iter().any(|(_, text)| text.contains(&quoted(template)))
    };
    templates
        .filter(|template| !used(template))
        .map(|name| format!("templates/{name}.tera: nothing renders it"))
        .collect()
}

/// An adapter has all that the others have: a person who knows one finds their way in each.
fn of_adapters(files: &[(String, String)]) -> Vec<String> {
    let names = || files.iter().map(|(name, _)| name.as_str());
    let folders = names().filter_map(|name| name.strip_prefix("integrations/")?.strip_suffix("/Cargo.toml"));
    let mut found = Vec::new();
    for adapter in folders.filter(|name| !name.contains('/')) {
        let folder = format!("integrations/{adapter}/");
        let has =
            |start: &str| names().any(|name| name.strip_prefix(&folder).is_some_and(|rest| rest.starts_with(start)));
        let end_to_end = format!("tests/tests/{adapter}");
        let tested = files.iter().any(|(name, text)| {
            (name.starts_with(&folder) && text.contains("#[test]")) || name.starts_with(&end_to_end)
        });
        // The example monorepo shows most adapters beside each other.
        let module = format!("integrations/{adapter}/module");
        let shown = files.iter().filter(|(name, _)| name.starts_with("examples/monorepo/"));
        let shown =
            shown.into_iter().any(|(_, text)| text.contains(&format!("\n[[{adapter}]]\n")) || text.contains(&module));
        let parts = [("README.md", has("README.md")), ("example", shown || has("example")), ("test", tested)];
        let missing = parts.iter().filter(|(_, there)| !there);
        found.extend(missing.map(|(part, _)| format!("{folder}: no {part}")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy() {
        let found = findings(shell::repository()).unwrap();
        assert!(found.is_empty(), "`cargo xtask tidy` finds:\n{}", found.join("\n"));
    }

    #[test]
    fn the_rules_for_lines_find_what_they_name() {
        let text = "fine\nspaces \n/ho\nTO"
            .replace("/ho", &["/ho", "me/ann/src/x"].concat())
            .replace("TO", &["TO", "DO"].concat());
        let found = of_text("a.md", &text).unwrap();
        assert_eq!(
            found,
            [
                ":2: spaces at the end of the line",
                ":3: a path of one machine",
                ":4: something unfinished",
                ":4: no end of line at the end of the file",
            ]
        );
        assert_eq!(of_text("tests/golden/a.md", "spaces \nno end").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_long_file_says_why() {
        let body = "fn a() {}\n".repeat(MAX_LINES);
        let long = format!("//! What it is for.\n{body}");
        assert_eq!(of_text("src/a.rs", &long).unwrap(), [":1: 401 lines, and no `long because …` at the top"]);
        let reason = format!("//! A table, long because the standard is.\n{body}");
        assert_eq!(of_text("src/a.rs", &reason).unwrap(), Vec::<String>::new());
        let tests = format!("//! What it is for.\n#[cfg(test)]\nmod tests {{\n{body}}}\n");
        assert_eq!(of_text("src/a.rs", &tests).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn an_adapter_without_its_parts_is_found() {
        let names = ["integrations/x/Cargo.toml", "integrations/x/README.md", "integrations/x/src/lib.rs"];
        let found = of_adapters(&names.map(|name| (name.to_owned(), "#[test]\n".to_owned())));
        assert_eq!(found, ["integrations/x/: no example"]);
    }

    #[test]
    fn a_template_that_is_left_over_is_found() {
        let files = [("templates/a.yaml.tera", ""), ("templates/b.tera", ""), ("integrations/x/src/lib.rs", "\"b\"")];
        let found = of_templates(&files.map(|(name, text)| (name.to_owned(), text.to_owned())));
        assert_eq!(found, ["templates/a.yaml.tera: nothing renders it"]);
    }
}
