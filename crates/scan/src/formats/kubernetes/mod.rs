//! Where Kubernetes manifests name images: every `image` that is a text, in pods and in the resources of operators, and
//! further places that a person names by [`ManifestPath`]s.
//!
//! It is not for manifests that are templates: those are not YAML before Helm, kustomize or another tool made them so.

mod find;
mod path;

use std::collections::BTreeSet;
use std::ops::Range;

use camino::Utf8Path;
use imagelock_yaml::{Kind, Node, read};

use self::find::Found;
pub use self::path::{ManifestPath, ManifestPathError};
use super::yaml;
use crate::{Format, Lines, Parsed, Site, Sure, Unreadable};

/// Kubernetes manifests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifests {
    /// Places of images that are not called `image`, as in custom resources.
    pub paths: Vec<ManifestPath>,
}

impl Format for Manifests {
    fn id(&self) -> &'static str {
        "kubernetes"
    }

    fn about(&self) -> &'static str {
        "YAML"
    }

    fn claims(&self, path: &Utf8Path, head: &str) -> bool {
        let starts = |key: &str| head.lines().any(|line| line.starts_with(key));
        yaml::is_yaml(path) && starts("apiVersion:") && starts("kind:")
    }

    fn read(&self, text: &str) -> Result<Parsed, Unreadable> {
        if let Some(at) = glued_mark(text) {
            let reason =
                "`---` at the start of a line ends a document for some readers of manifests, and has a text behind it";
            return Err(Unreadable { reason: reason.to_owned(), at: at..at + 3 });
        }
        let imagelock_yaml::Parsed { documents, comments } = match read(text) {
            Ok(parsed) => parsed,
            Err(error) => {
                return Err(template_line(text).unwrap_or(Unreadable { reason: error.reason, at: error.at }));
            }
        };
        if let Some(at) = template(text, &documents) {
            return Err(Unreadable { reason: TEMPLATE.to_owned(), at });
        }
        let lines = Lines::new(text);
        let found = find::images(&documents, &self.paths).map_err(|endless| Unreadable {
            reason: "its aliases repeat themselves, or more than anybody reads".to_owned(),
            at: endless.at,
        })?;
        let own: BTreeSet<usize> =
            found.iter().filter(|found| found.repeats.is_none()).map(|found| found.span.start).collect();
        // An alias follows the place that it repeats; where that is none, it is told.
        let apart = found.iter().filter(|found| found.repeats.as_ref().is_none_or(|span| !own.contains(&span.start)));
        let mut sites: Vec<Site> = apart
            .map(|found| {
                // A text of several lines ends in front of its line end.
                let written = text.get(found.span.clone()).unwrap_or_default().trim_end_matches(['\n', '\r']);
                let span = found.span.start..found.span.start + written.len();
                Site::whole(span, &found.text, Sure::Certain, &lines, place(found))
            })
            .collect();
        sites.sort_by_key(|site| site.span().start);
        sites.dedup_by(|second, first| second.span() == first.span());
        Ok(Parsed { sites, comments: yaml::comments(text, &lines, &comments) })
    }

    fn quote(&self, before: &str, new: &str) -> Option<String> {
        yaml::quote(before, new)
    }
}

/// A line that starts with `---` and goes on: Helm and kubectl divide a stream by lines, before they read YAML.
fn glued_mark(text: &str) -> Option<usize> {
    let starts = std::iter::once(0).chain(text.match_indices(['\n', '\r']).map(|(at, _)| at + 1));
    starts.into_iter().find(|&start| {
        let rest = text[start..].strip_prefix("---").and_then(|rest| rest.chars().next());
        rest.is_some_and(|next| !next.is_ascii_whitespace())
    })
}

const TEMPLATE: &str = "it is a template";

/// The line by which a text that is no YAML is a template of Helm's.
fn template_line(text: &str) -> Option<Unreadable> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let value = line.trim_start_matches([' ', '\t', '-']);
        if value.strip_prefix("image:").unwrap_or(value).trim_start().starts_with("{{") {
            return Some(Unreadable { reason: TEMPLATE.to_owned(), at: start..start + line.trim_end().len() });
        }
        start += line.len();
    }
    None
}

/// Where the braces of a template are mappings to a parser of YAML.
fn template(text: &str, documents: &[Node]) -> Option<Range<usize>> {
    let mut found = None;
    for document in documents {
        document.walk(&mut |node| {
            let braces = matches!(node.kind, Kind::Mapping { flow: true, .. });
            if braces && found.is_none() && text.get(node.span.clone()).is_some_and(|text| text.starts_with("{{")) {
                found = Some(node.span.clone());
            }
        });
    }
    found
}

/// What people call the place: `Pod prod/web, container main`. What has no name is called by its kind alone.
fn place(found: &Found) -> String {
    let object = &found.object;
    let mut text = object.kind.clone();
    let namespace = object.namespace.iter().filter(|namespace| !namespace.is_empty());
    let name: Vec<&str> = namespace.chain([&object.name]).map(String::as_str).filter(|part| !part.is_empty()).collect();
    if !name.is_empty() {
        text.push(' ');
        text.push_str(&name.join("/"));
    }
    match found.container.as_deref() {
        Some(container) if text.is_empty() => format!("container {container}"),
        Some(container) => format!("{text}, container {container}"),
        None => text,
    }
}
