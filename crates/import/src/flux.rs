//! Flux's image policies: an `ImageRepository` says where the tags are, an `ImagePolicy` which of them is taken. They refer to
//! each other by name, from whatever file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use imagelock_core::policy::Rule;
use imagelock_core::source::{Location, SourceFile};
use imagelock_core::{Repository, Wanted};

use crate::yaml::{self, Tree};
use crate::{Found, ImportError, Pin, at, pattern, requirement::requirement};

const WHAT: &str = "Flux image policy";
const GROUP: &str = "image.toolkit.fluxcd.io/";
/// The versions of the API that are known; these fields are the same in all.
const VERSIONS: [&str; 3] = ["v1beta1", "v1beta2", "v1"];
/// The tags that Flux takes for versions: three numbers, and `v` before them or not.
const RELEASES: &str = r"^v?(?<version>\d+\.\d+\.\d+)$";

/// A namespace and a name.
type Name = (String, String);

pub(crate) fn read(files: &[Arc<SourceFile>], found: &mut Found) -> Result<(), ImportError> {
    let mut repositories: BTreeMap<Name, (Option<Repository>, Location)> = BTreeMap::new();
    let mut used = BTreeSet::new();
    // First where the tags are, then the policies.
    for kind in ["ImageRepository", "ImagePolicy"] {
        for file in files {
            let documents = yaml::parse(file, WHAT)?;
            let anchors = documents.anchors();
            for tree in documents.trees(&anchors) {
                if !is_ours(tree, file)? {
                    continue;
                }
                match tree.text(&["kind"]).unwrap_or_default() {
                    "ImageRepository" if kind == "ImageRepository" => {
                        repositories.insert(name(tree), repository(tree, file, found));
                    }
                    "ImagePolicy" if kind == "ImagePolicy" => {
                        used.insert(policy(tree, file, &repositories, found));
                    }
                    "ImageUpdateAutomation" if kind == "ImagePolicy" => {
                        let text = "`ImageUpdateAutomation`: what moves pins here is `update`, in a job of yours";
                        found.leave(text, at(file, tree.span()));
                    }
                    _ => {}
                }
            }
        }
    }
    for (name, (image, place)) in repositories.iter().filter(|(name, _)| !used.contains(*name)) {
        if image.is_some() {
            found.leave(format!("no `ImagePolicy` takes a tag of `{}`", name.1), place.clone());
        }
    }
    if repositories.is_empty() && used.is_empty() && found.left.is_empty() {
        let file = files.first().map_or_else(|| SourceFile::new("", ""), Arc::clone);
        let reason = "no file has an `ImageRepository` or an `ImagePolicy`".to_owned();
        return Err(ImportError { what: WHAT, reason, at: at(&file, &(0..0)) });
    }
    Ok(())
}

/// Whether an object is one of Flux's, in a version that is known.
fn is_ours(tree: Tree<'_>, file: &Arc<SourceFile>) -> Result<bool, ImportError> {
    let Some(api) = tree.get("apiVersion") else { return Ok(false) };
    let Some(version) = api.node.present().and_then(|text| text.strip_prefix(GROUP)) else { return Ok(false) };
    if VERSIONS.contains(&version) {
        return Ok(true);
    }
    let reason = format!("its version is `{version}`, and {} are read", VERSIONS.join(", "));
    Err(ImportError { what: WHAT, reason, at: at(file, api.span()) })
}

fn name(tree: Tree<'_>) -> Name {
    let text = |key| tree.text(&["metadata", key]).unwrap_or_default().to_owned();
    (text("namespace"), text("name"))
}

fn repository(tree: Tree<'_>, file: &Arc<SourceFile>, found: &mut Found) -> (Option<Repository>, Location) {
    let place = tree.at(&["spec", "image"]).map_or(tree.span(), Tree::span);
    let place = at(file, place);
    if let Some(list) = tree.at(&["spec", "exclusionList"]) {
        found.leave("`exclusionList`: let `tags` leave out what it names", at(file, list.span()));
    }
    let text = tree.text(&["spec", "image"]).unwrap_or_default();
    match text.parse::<Repository>() {
        Ok(repository) => (Some(repository), place),
        Err(error) => {
            found.leave(format!("`{text}` is no repository: {error}"), place.clone());
            (None, place)
        }
    }
}

/// Declares what a policy takes, and returns the name of its repository.
fn policy(
    tree: Tree<'_>,
    file: &Arc<SourceFile>,
    repositories: &BTreeMap<Name, (Option<Repository>, Location)>,
    found: &mut Found,
) -> Name {
    let (own, policy) = name(tree);
    let place = at(file, tree.at(&["spec", "policy"]).map_or(tree.span(), Tree::span));
    let text = |key| tree.text(&["spec", "imageRepositoryRef", key]).map(str::to_owned);
    let named = (text("namespace").unwrap_or(own), text("name").unwrap_or_default());
    let Some((repository, _)) = repositories.get(&named) else {
        found.leave(format!("policy `{policy}`: no file has its `ImageRepository` `{}`", named.1), place);
        return named;
    };
    let Some(repository) = repository else { return named };
    match rule(tree) {
        Ok(rule) => {
            let spelling = repository.to_string();
            let pin = latest(tree).filter(|pin| pin.tag.as_ref().is_some_and(|tag| rule.admits(tag)));
            found.declare(Wanted::Version { repository: repository.clone(), rule }, pin, &spelling, place);
        }
        Err(why) => found.leave(format!("policy `{policy}`: {why}"), place),
    }
    named
}

/// The tag and the digest that Flux has found, where the object comes from a cluster.
fn latest(tree: Tree<'_>) -> Option<Pin> {
    let text = |key| tree.text(&["status", "latestRef", key]);
    Some(Pin { tag: Some(text("tag")?.parse().ok()?), digest: text("digest")?.parse().ok()? })
}

fn rule(tree: Tree<'_>) -> Result<Rule, String> {
    let filter = tree.text(&["spec", "filterTags", "pattern"]).filter(|pattern| !pattern.is_empty());
    let extract = tree.text(&["spec", "filterTags", "extract"]).filter(|extract| !extract.is_empty());
    let tags = |group: &str| match (filter, extract) {
        (None, _) => Ok(None),
        (Some(filter), Some(extract)) => pattern::extracted(filter, extract, group)
            .map(Some)
            .ok_or_else(|| format!("`extract` is `{extract}`, and one group of `{filter}` can be compared")),
        (Some(filter), None) => {
            let whole = pattern::whole(filter, group).map(Some);
            whole.ok_or_else(|| format!("`{filter}` has alternatives with anchors"))
        }
    };
    let make = |version: Option<&str>, tags: &str, select: Option<&str>| {
        Rule::new(version, Some(tags), select).map_err(|error| error.to_string())
    };
    let of = |key: &str| tree.at(&["spec", "policy", key]);
    if let Some(semver) = of("semver") {
        let version = requirement(semver.text(&["range"]).unwrap_or_default())?;
        let tags = tags("version")?;
        return make(Some(&version), tags.as_deref().unwrap_or(RELEASES), None);
    }
    for (key, select) in [("alphabetical", "alphabetical"), ("numerical", "numeric")] {
        let Some(order) = of(key) else { continue };
        if order.text(&["order"]).is_some_and(|order| order != "asc") {
            return Err(format!("`{key}` takes the lowest, and `select` takes the highest"));
        }
        let tags = tags("order")?;
        return make(None, tags.as_deref().unwrap_or("^(?<order>.*)$"), Some(select));
    }
    Err("it has neither `semver`, `alphabetical` nor `numerical`".to_owned())
}
