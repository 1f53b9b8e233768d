//! Renovate's `packageRules`, as far as they say which tag of an image is taken. What they say of pull requests has no
//! counterpart, and presets are not fetched.

use std::ops::Range;
use std::sync::Arc;

use imagelock_core::policy::Rule;
use imagelock_core::source::SourceFile;
use imagelock_core::{Reference, Wanted};

use crate::json::{self, Node};
use crate::{Found, ImportError, at, pattern, requirement::requirement};

const WHAT: &str = "Renovate configuration";
/// Keys at the top that may say which images are taken, where nothing here reads it.
const UNREAD: [&str; 8] = [
    "extends",
    "customManagers",
    "regexManagers",
    "docker",
    "ignoreDeps",
    "registryAliases",
    "minimumReleaseAge",
    "hostRules",
];
/// What of a rule names packages in a way that is no list of names.
const MATCHERS: [&str; 7] = [
    "matchPackagePatterns",
    "matchPackagePrefixes",
    "excludePackageNames",
    "excludePackagePatterns",
    "matchDepNames",
    "matchFileNames",
    "matchCurrentVersion",
];
/// The parsers that read images.
const MANAGERS: [&str; 10] = [
    "dockerfile",
    "docker-compose",
    "kubernetes",
    "helm-values",
    "kustomize",
    "gitlabci",
    "github-actions",
    "devcontainer",
    "tekton",
    "woodpecker",
];
/// The groups of `versioning = "regex:…"` that make a version.
const VERSION: [&str; 6] = ["major", "minor", "patch", "build", "revision", "prerelease"];

pub(crate) fn read(file: &Arc<SourceFile>, found: &mut Found) -> Result<(), ImportError> {
    let fail = |reason: String, span: &Range<usize>| ImportError { what: WHAT, reason, at: at(file, span) };
    let root = json::parse(file.text()).map_err(|error| fail(error.reason, &error.at))?;
    if !matches!(root.value, json::Value::Object(_)) {
        return Err(fail("it is no object".to_owned(), &(root.span.start..root.span.start + 1)));
    }
    for member in root.members().iter().filter(|member| UNREAD.contains(&&*member.key)) {
        found.leave(format!("`{}` is not read", member.key), at(file, &member.key_span));
    }
    for rule in root.get("packageRules").map(Node::items).unwrap_or_default() {
        package_rule(rule, file, found);
    }
    Ok(())
}

fn package_rule(rule: &Node, file: &Arc<SourceFile>, found: &mut Found) {
    let texts = |key: &str| rule.get(key).map(Node::texts).unwrap_or_default();
    let (sources, managers) = (texts("matchDatasources"), texts("matchManagers"));
    let says = [(&sources, &["docker"][..]), (&managers, &MANAGERS[..])];
    let images = says.iter().any(|(said, known)| said.iter().any(|(text, _)| known.contains(text)));
    let place = || at(file, &(rule.span.start..rule.span.start + 1));
    if !images {
        // Most rules are about packages of other kinds. One that does not say so may be about images.
        if sources.is_empty() && managers.is_empty() && rule.get("allowedVersions").is_some() {
            found.leave("this rule does not say that it is about images (`matchDatasources`)", place());
        }
        return;
    }
    for member in rule.members() {
        let why = match &*member.key {
            key if MATCHERS.contains(&key) => "names are read from `matchPackageNames` alone",
            "enabled" => "an image that nobody updates is one that nobody runs `update` for",
            "minimumReleaseAge" => "there is no waiting for a release to grow old",
            _ => continue,
        };
        found.leave(format!("`{}`: {why}", member.key), at(file, &member.key_span));
    }
    let names: Vec<_> = texts("matchPackageNames").into_iter().chain(texts("packageNames")).collect();
    if names.is_empty() && tells(rule) {
        return found.leave("this rule is for all images: write its version to each that it is for", place());
    }
    for (name, span) in names {
        one(rule, name, span, file, found);
    }
}

/// Whether a rule says which tag is taken.
fn tells(rule: &Node) -> bool {
    ["allowedVersions", "versioning", "followTag"].iter().any(|key| rule.get(key).is_some())
}

fn one(rule: &Node, name: &str, span: &Range<usize>, file: &Arc<SourceFile>, found: &mut Found) {
    let place = at(file, span);
    if name.starts_with(['/', '!']) || name.contains('*') {
        return found.leave(format!("`{name}` is a pattern: declare the images that it is for"), place);
    }
    let repository = match name.parse::<Reference>() {
        Ok(Reference { repository, tag: None, digest: None }) => repository,
        Ok(_) => return found.leave(format!("`{name}` has a tag, and names a package"), place),
        Err(error) => return found.leave(format!("`{name}` is no repository: {error}"), place),
    };
    if let Some(tag) = rule.get("followTag").and_then(Node::text) {
        return match tag.parse() {
            Ok(tag) => found.declare(Wanted::Tag { repository, tag }, None, name, place),
            Err(error) => found.leave(format!("`{tag}` is no tag: {error}"), place),
        };
    }
    if !tells(rule) {
        return found.leave(format!("`{name}`: this rule says nothing of its version"), place);
    }
    let version = version(rule, |key, text| {
        let span = rule.get(key).map_or(span, |node| &node.span);
        found.leave(text, at(file, span));
    });
    match version {
        Ok(Some(rule)) => found.declare(Wanted::Version { repository, rule }, None, name, place),
        Ok(None) => found.leave(format!("`{name}`: this rule says nothing of its version"), place),
        Err(why) => found.leave(format!("`{name}`: {why}"), place),
    }
}

/// The rule that `allowedVersions` and `versioning` make together; `None` where they say nothing that a rule could.
fn version(rule: &Node, mut leave: impl FnMut(&str, String)) -> Result<Option<Rule>, String> {
    let allowed = rule.get("allowedVersions").and_then(Node::text);
    let versioning = rule.get("versioning").and_then(Node::text);
    let tags = match versioning.and_then(|text| text.strip_prefix("regex:")) {
        Some(regex) => {
            if let Some(body) = pattern::body(regex, "compatibility")
                && !body.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            {
                let text = format!("`compatibility` is `{body}`: write the one that you use into `tags`");
                leave("versioning", text);
            }
            let around = pattern::around(regex, &VERSION, "version");
            Some(around.ok_or_else(|| format!("`{regex}` has no version in one piece"))?)
        }
        None => {
            if let Some(other) =
                versioning.filter(|text| !matches!(*text, "docker" | "semver" | "semver-coerced" | "loose"))
            {
                leave("versioning", format!("`{other}` orders tags in a way that has no counterpart"));
            }
            None
        }
    };
    let (version, tags) = match allowed {
        None => (None, tags),
        Some(text) if text.starts_with('!') => return Err(format!("`allowedVersions` is the exception `{text}`")),
        Some(text) => match text.strip_prefix('/') {
            None => (Some(requirement(text)?), tags),
            Some(_) if tags.is_some() => return Err("it has two expressions over tags".to_owned()),
            Some(regex) => {
                let regex = regex.strip_suffix('/').ok_or_else(|| format!("`{text}` has flags"))?;
                let whole = pattern::whole(regex, "version");
                (None, Some(whole.ok_or_else(|| format!("`{regex}` has alternatives with anchors"))?))
            }
        },
    };
    if version.is_none() && tags.is_none() {
        return Ok(None);
    }
    Rule::new(version.as_deref(), tags.as_deref(), None).map(Some).map_err(|error| error.to_string())
}
