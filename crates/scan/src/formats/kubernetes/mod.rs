//! Where Kubernetes manifests name images: every `image` that is a text, in pods and in the resources of operators, and
//! further places that a person names by [`ManifestPath`]s.
//!
//! It is not for manifests that are templates: those are not YAML before Helm, kustomize or another tool made them so.

mod find;
mod path;
mod resources;

use std::collections::BTreeSet;

use imagelock_yaml::Node;

use self::find::FoundImage;
pub use self::path::{ManifestPath, ManifestPathError};
pub use self::resources::Resources;
use super::{json, yaml};
use crate::{Format, Head, Lines, Named, Parsed, Site, Sure, Unreadable};

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

    fn claims(&self, path: &Named<'_>, head: &dyn Head) -> bool {
        let starts = |key: &str| head.text().lines().any(|line| line.starts_with(key));
        let is_json = || json::gives(head.text(), "apiVersion") && json::gives(head.text(), "kind");
        yaml::is_yaml(path) && starts("apiVersion:") && starts("kind:") || path.extension() == Some("json") && is_json()
    }

    fn read(&self, text: &str) -> Result<Parsed, Unreadable> {
        Ok(self.documents(text)?.0)
    }

    fn quote(&self, before: &str, new: &str) -> Option<String> {
        yaml::quote(before, new)
    }
}

impl Manifests {
    /// What [`Format::read`] gives, and the documents that it was read from, for whoever looks for more in them.
    pub fn documents(&self, text: &str) -> Result<(Parsed, Vec<Node>), Unreadable> {
        if let Some(at) = glued_mark(text) {
            let reason =
                "`---` at the start of a line ends a document for some readers of manifests, and has a text behind it";
            return Err(Unreadable { reason: reason.to_owned(), at: at..at + 3 });
        }
        let yaml::Parsed { documents, comments } = yaml::documents(text)?;
        let lines = Lines::new(text);
        let found = find::images(text, &documents, &self.paths)?;
        let own: BTreeSet<usize> =
            found.iter().filter(|found| found.repeats.is_none()).map(|found| found.span.start).collect();
        // An alias follows the place that it repeats; where that is none, it is told.
        let apart = found.iter().filter(|found| found.repeats.as_ref().is_none_or(|span| !own.contains(&span.start)));
        let mut sites: Vec<Site> = apart
            .map(|found| Site::whole(found.span.clone(), &found.text, Sure::Certain, &lines, place(found)))
            .collect();
        sites.sort_by_key(|site| site.span().start);
        sites.dedup_by(|second, first| second.span() == first.span());
        Ok((Parsed { sites, comments: yaml::comments(text, &lines, &comments) }, documents))
    }
}

/// A line that starts with `---` and goes on: Helm and kubectl divide a stream by lines, before they read YAML.
fn glued_mark(text: &str) -> Option<usize> {
    let goes_on = |at: &usize| text[at + 3..].chars().next().is_some_and(|next| !next.is_ascii_whitespace());
    let behind = |end: &str| text.match_indices(end).map(|(at, _)| at + 1).find(goes_on);
    let first = text.starts_with("---").then_some(0).filter(goes_on);
    first.or_else(|| [behind("\n---"), behind("\r---")].into_iter().flatten().min())
}

/// What people call the place: `Pod prod/web, container main`. What has no name is called by its kind alone.
fn place(found: &FoundImage) -> String {
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
