//! Charts whose values need a shape that only the chart knows: each gets a `[[helm]]` table of its own.
//!
//! Which they are is told by what a target of all files leaves as it is, and a table is only taken where it would render. Both
//! are tried with a lock that has each image as it would be found, before any registry is asked.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use imagelock_adapter::{Context, Output, Tree as _};
use imagelock_core::{Base, Digest, ImageName, LockedImage, Lockfile, Origin, Request, Wanted};
use imagelock_survey::{Adopted, Adoption, Mention};

use crate::edits::as_written;
use crate::failure::Failure;
use crate::ground::Ground;
use crate::session::Session;
use crate::tree::DiskTree;

/// The format of values, and their file in a chart.
const FORMAT: &str = "helm-values";
const VALUES: &str = "values.yaml";

/// The tables for the charts that need one, of all places that no target reaches yet.
pub(super) fn tables(
    session: &Session<'_>,
    lock: &Lockfile,
    open: &[&Mention],
    adoption: &Adoption<'_>,
) -> Result<Vec<(&'static str, Vec<String>)>, Failure> {
    let ground = Ground::of(&session.root, &session.project)?;
    let charts = charts(&ground.tree, open);
    if charts.is_empty() {
        return Ok(Vec::new());
    }
    let lock = found(lock, adoption);
    let context = ground.context(&lock);
    let names = names(adoption);
    let mut tables = Vec::new();
    for (file, places) in charts {
        let all = rendered(&format!("[[files]]\nedit = [{}]\n", quoted(file.as_str())), &context);
        if !is_left(all.as_ref(), file, &places) {
            continue;
        }
        let named = places.iter().filter_map(|place| Some((place.place.as_str(), *names.get(&key(place))?)));
        let Some(lines) = table(file, named) else { continue };
        // A chart that cannot be written is told of by `render`.
        let made = rendered(&format!("[[helm]]\n{}\n", lines.join("\n")), &context);
        if made.is_some_and(|outputs| !outputs.is_empty()) {
            tables.push(("helm", lines));
        }
    }
    Ok(tables)
}

/// The places in the values of each chart.
fn charts<'m>(tree: &DiskTree, open: &[&'m Mention]) -> BTreeMap<&'m Utf8Path, Vec<&'m Mention>> {
    let mut charts: BTreeMap<&Utf8Path, Vec<&Mention>> = BTreeMap::new();
    for mention in open.iter().filter(|mention| mention.format == FORMAT && mention.file.file_name() == Some(VALUES)) {
        charts.entry(&mention.file).or_default().push(mention);
    }
    let is_chart = |file: &Utf8Path| {
        let beside = file.with_file_name("Chart.yaml");
        tree.read(&beside).is_ok_and(|found| found.is_some())
    };
    charts.retain(|file, _| is_chart(file));
    charts
}

/// A place, to be found again.
fn key(mention: &Mention) -> (&Utf8Path, usize) {
    (&mention.file, mention.span.start)
}

/// The image of each place.
fn names<'a>(adoption: &'a Adoption<'_>) -> BTreeMap<(&'a Utf8Path, usize), &'a ImageName> {
    let new = adoption.images.iter().flat_map(|image| image.places.iter().map(|place| (key(place), &image.name)));
    let known = adoption.known.iter().filter_map(|place| Some((key(place), place.image.as_ref()?)));
    new.chain(known).collect()
}

/// What a text of the project file gives; nothing where it cannot be rendered.
fn rendered(text: &str, context: &Context<'_>) -> Option<Vec<Output>> {
    let targets = as_written(text).ok()?;
    let outputs: Option<Vec<Vec<Output>>> = targets.iter().map(|target| target.render(context).ok()).collect();
    Some(outputs?.into_iter().flatten().collect())
}

/// Whether a target of all files leaves one of the places as it is.
fn is_left(outputs: Option<&Vec<Output>>, file: &Utf8Path, places: &[&Mention]) -> bool {
    let uses = outputs.into_iter().flatten().filter(|output| output.path == file).flat_map(|output| &output.uses);
    let pinned: BTreeSet<usize> = uses.filter_map(|used| Some(used.at.as_ref()?.span.start)).collect();
    places.iter().any(|place| !pinned.contains(&place.span.start))
}

/// The lines of a table; nothing where there is no image, or a name that a person would have to write.
fn table<'p>(file: &Utf8Path, named: impl Iterator<Item = (&'p str, &'p ImageName)>) -> Option<Vec<String>> {
    let values: Vec<String> =
        named.map(|(path, name)| format!("{} = {}", quoted(path), quoted(name.as_str()))).collect();
    let chart = file.parent().filter(|chart| !chart.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    let lines = vec![
        format!("chart = {}", quoted(chart.as_str())),
        "in-place = true".to_owned(),
        format!("values = {{ {} }}", values.join(", ")),
    ];
    (!values.is_empty() && !lines.iter().any(|line| line.contains(char::is_control))).then_some(lines)
}

/// A basic string of TOML, whose escapes are those of JSON.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// The lock as it would be, as far as that is told without a registry: each image with the digest that is in use, or any.
fn found(lock: &Lockfile, adoption: &Adoption<'_>) -> Lockfile {
    let mut lock = lock.clone();
    let Ok(any) = format!("sha256:{}", "0".repeat(64)).parse::<Digest>() else { return lock };
    for Adopted { name, wanted, digest, .. } in &adoption.images {
        let Some(repository) = wanted.repository() else { continue };
        let tag = match wanted {
            Wanted::Tag { tag, .. } => Some(tag.clone()),
            _ => None,
        };
        let image = LockedImage {
            request: Request { wanted: wanted.clone(), platforms: None },
            origin: Origin::Registry(repository.clone()),
            tag,
            digest: digest.clone().unwrap_or_else(|| any.clone()),
            media_type: String::new(),
            size: 0,
            platforms: BTreeMap::new(),
            created: None,
            version: None,
            revision: None,
            source: None,
            base: Base::default(),
            signatures: Vec::new(),
        };
        lock.images.insert(name.clone(), image);
    }
    lock
}
