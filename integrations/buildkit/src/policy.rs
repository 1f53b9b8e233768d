//! The source policy.
//!
//! BuildKit takes the last `ALLOW` or `DENY` that fits and starts over after a `CONVERT`; Buildah reads the same format
//! and takes the first rule that fits. One file serves both, because each reads the way of matching under a name of
//! its own (`match_type`, `matchType`) and the default otherwise:
//!
//! 1. `DENY` by regular expression: all images for BuildKit; for Buildah a text that no image has.
//! 2. `CONVERT` and `ALLOW` for each image, each identifier as a whole in both.
//! 3. `DENY docker-image://*`, exact: no image has that text in BuildKit; all images for Buildah.
//!
//! Every rule about a locked image is `EXACT`: BuildKit compiles each wildcard to a regular expression in each build,
//! which `cargo xtask bench buildkit` shows at ten thousand images. So a reference with a digest of its own passes with
//! the locked tag or with none.
//!
//! Only images are judged. Git, HTTP and local sources pass.

use std::collections::{BTreeMap, BTreeSet};

use imagelock_adapter::{Context, PLACEHOLDER, Pinned, Problem, RenderError};
use imagelock_core::source::Location;
use imagelock_core::{ImageName, Reference};
use serde::Serialize;

use crate::table::{Allowed, PolicyTable};

const SCHEME: &str = "docker-image://";

/// What a build may ask for, and what it gets.
#[derive(Clone, Debug, Default)]
pub struct Pins {
    /// What is converted: by what is asked for, what is given instead.
    convert: BTreeMap<Reference, Converted>,
    /// References with digests that are allowed: with the locked tag, and without one.
    allow: BTreeSet<Reference>,
    /// References with digests that are taken from another repository.
    moved: BTreeMap<Reference, Reference>,
}

#[derive(Clone, Debug)]
struct Converted {
    to: Reference,
    name: ImageName,
    at: Location,
}

impl Pins {
    /// Collects what the table takes from the lock.
    pub fn of(table: &PolicyTable, context: &Context<'_>) -> Result<Self, RenderError> {
        let mut pins = Self::default();
        let places: BTreeMap<&ImageName, &Location> =
            table.images.iter().flatten().map(|image| (&image.value, &image.at)).collect();
        for image in context.images(table.images.as_deref())? {
            pins.image(&image, places.get(image.name).copied().unwrap_or(&table.at))?;
        }
        for alias in &table.aliases {
            let image = context.image(&alias.image.value, Some(&alias.image.at))?;
            pins.image(&image, &alias.image.at)?;
            pins.convert(alias.reference.clone(), &image, &alias.image.at)?;
        }
        Ok(pins)
    }

    fn image(&mut self, image: &Pinned<'_>, at: &Location) -> Result<(), RenderError> {
        self.allow.extend([image.pinned(), image.tagged()]);
        // Where another registry stands in, Dockerfiles may name either.
        let own = image.image.repository().filter(|own| **own != image.repository);
        if let Some(own) = own {
            for to in [image.pinned(), image.tagged()] {
                self.moved.insert(Reference { repository: own.clone(), ..to.clone() }, to);
            }
        }
        for repository in own.into_iter().chain([&image.repository]) {
            if let Some(tag) = image.tag() {
                self.convert(repository.with(Some(tag.clone()), None), image, at)?;
            }
        }
        Ok(())
    }

    fn convert(&mut self, from: Reference, image: &Pinned<'_>, at: &Location) -> Result<(), RenderError> {
        let converted = Converted { to: image.tagged(), name: image.name.clone(), at: at.clone() };
        match self.convert.get(&from) {
            Some(other) if other.to.digest != converted.to.digest => Err(ambiguous(&from, other, &converted)),
            Some(_) => Ok(()),
            None => {
                self.convert.insert(from, converted);
                Ok(())
            }
        }
    }

    /// What is converted, in the order of references.
    pub fn converted(&self) -> impl Iterator<Item = (&Reference, &Reference)> {
        self.convert.iter().map(|(from, converted)| (from, &converted.to))
    }

    /// The references with digests that are allowed.
    pub fn allowed(&self) -> impl Iterator<Item = &Reference> {
        self.allow.iter()
    }
}

fn ambiguous(from: &Reference, first: &Converted, second: &Converted) -> RenderError {
    let (one, other) = (&first.name, &second.name);
    let message =
        format!("`{one}` and `{other}` are two digests of `{from}`, and a build that names it can get only one");
    let problem = Problem::at(&second.at, message);
    let problem =
        if first.at == second.at { problem } else { problem.also(&first.at, format!("`{one}` is taken here")) };
    problem.help(format!("write two policies, and name the images of each: `images = [\"{one}\"]`")).into()
}

/// The file's text, with the place of the seal.
pub fn render(table: &PolicyTable, pins: &Pins) -> String {
    let mut rules = Vec::new();
    if table.deny {
        rules.push(PolicyRule::new("DENY", "docker-image://.*").matching("REGEX"));
    }
    for (from, to) in pins.converted() {
        for from in spellings(from) {
            rules.push(PolicyRule::new("CONVERT", from).matching("EXACT").to(to));
        }
    }
    for (from, to) in &pins.moved {
        rules.push(PolicyRule::new("CONVERT", format!("{SCHEME}{from}")).matching("EXACT").to(to));
    }
    if table.deny {
        for reference in &pins.allow {
            rules.push(PolicyRule::new("ALLOW", format!("{SCHEME}{reference}")).matching("EXACT"));
        }
        let allowed: BTreeSet<String> = table.allow.iter().flat_map(patterns).collect();
        rules.extend(allowed.into_iter().map(|pattern| PolicyRule::new("ALLOW", pattern)));
        rules.push(PolicyRule::new("DENY", "docker-image://*").matching("EXACT"));
    }
    let rules: Vec<String> = rules.iter().map(json).collect();
    format!(
        "{{\n  \"//\": \"Generated by imagelock from images.lock; do not edit. {PLACEHOLDER}\",\n  \"rules\": [\n    {}\n  ]\n}}\n",
        rules.join(",\n    ")
    )
}

/// BuildKit asks with a tag always, Buildah without one where the Dockerfile has none.
fn spellings(reference: &Reference) -> impl Iterator<Item = String> {
    let bare = reference.tag.as_ref().is_some_and(|tag| tag.as_str() == "latest");
    let bare = bare.then(|| format!("{SCHEME}{}", reference.repository));
    [format!("{SCHEME}{reference}")].into_iter().chain(bare)
}

fn patterns(allowed: &Allowed) -> Vec<String> {
    let reference = match allowed {
        Allowed::Below(path) => return vec![format!("{SCHEME}{path}/*")],
        Allowed::Reference(reference) => reference,
    };
    let repository = &reference.repository;
    match (&reference.tag, &reference.digest) {
        (None, None) => {
            vec![format!("{SCHEME}{repository}"), format!("{SCHEME}{repository}:*"), format!("{SCHEME}{repository}@*")]
        }
        (Some(_), None) => spellings(reference).chain([format!("{SCHEME}{reference}@*")]).collect(),
        (_, Some(digest)) => {
            vec![format!("{SCHEME}{repository}@{digest}"), format!("{SCHEME}{repository}:*@{digest}")]
        }
    }
}

#[derive(Serialize)]
struct PolicyRule {
    action: &'static str,
    selector: Selector,
    #[serde(skip_serializing_if = "Option::is_none")]
    updates: Option<Updates>,
}

#[derive(Serialize)]
struct Selector {
    identifier: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    match_type: Option<&'static str>,
}

#[derive(Serialize)]
struct Updates {
    identifier: String,
}

impl PolicyRule {
    fn new(action: &'static str, identifier: impl Into<String>) -> Self {
        Self { action, selector: Selector { identifier: identifier.into(), match_type: None }, updates: None }
    }

    fn matching(mut self, how: &'static str) -> Self {
        self.selector.match_type = Some(how);
        self
    }

    fn to(mut self, reference: &Reference) -> Self {
        self.updates = Some(Updates { identifier: format!("{SCHEME}{reference}") });
        self
    }
}

fn json(value: &impl Serialize) -> String {
    // Structs of texts always have a JSON form.
    serde_json::to_string(value).unwrap_or_default()
}
