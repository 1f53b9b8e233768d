//! Images that are taken over from another project's lock: `extends = "…"`, and `{ inherit = true }` at an image.
//!
//! What such an image asks for and its answer are those of the other lock, for fewer platforms at most. So its entry in this
//! project's lock is a function of the other lock's bytes, of which the digest is in this one.

use std::collections::{BTreeMap, BTreeSet};

use super::error::ProjectError;
use super::fields::Fields;
use super::image::Defaults;
use super::node::{Entry, NodeValue};
use super::{Declared, Project, image, trusting};
use crate::extends::{Extended, Extends, Publisher};
use crate::lockfile::{LockedImage, Lockfile};
use crate::name::ImageName;
use crate::platform::Platform;
use crate::policy::LIMIT;
use crate::source::{Location, Spanned, nearest};
use crate::update::Settings;

/// What a project takes over from another's lock.
#[derive(Clone, Debug, Default)]
pub struct Inheritance {
    /// Which lock.
    pub extends: Option<Spanned<Extends>>,
    /// What is known of that lock, once it was read.
    pub extended: Option<Extended>,
    /// The answers that the images have there which this project takes over.
    pub answers: BTreeMap<ImageName, LockedImage>,
    /// The images that are to be taken over, until it was read.
    pub(super) asked: BTreeMap<ImageName, Inherited>,
}

/// An image that is to be taken over.
#[derive(Clone, Debug)]
pub(super) struct Inherited {
    platforms: Option<BTreeSet<Platform>>,
    labels: BTreeSet<String>,
    /// Who has to have signed it: this project's word, whatever the publisher asks for.
    trust: trusting::Said,
    /// What it says of that itself.
    own: trusting::Level,
    pub(super) at: Location,
}

/// Whether an image is one that is taken over.
pub(super) fn is_inherited(entry: &Entry) -> bool {
    matches!(&entry.node.value, NodeValue::Table(table) if table.get("inherit").is_some())
}

/// Reads an image that is taken over.
pub(super) fn read(entry: &Entry, defaults: &Defaults) -> Result<Inherited, Vec<ProjectError>> {
    let mut fields = Fields::new(&entry.node, format!("[images.{}]", entry.key)).map_err(|error| vec![error])?;
    if !fields.flag("inherit")
        && let Some(inherit) = fields.entry("inherit")
    {
        let reason = "`inherit` is `true`, or it is not there";
        fields.fail(ProjectError::invalid(reason, &inherit.node.at));
    }
    let (platforms, labels) = (image::platforms(&mut fields), image::labels(&mut fields));
    let own = trusting::level(&mut fields);
    fields.finish()?;
    Ok(Inherited { platforms, labels, trust: defaults.trust.clone(), own, at: entry.key_at.clone() })
}

impl Project {
    /// Takes over what the project asks for of another's lock. Every name has to be published there; one that is published and
    /// not taken over has to say why.
    pub fn inherit(&mut self, lock: &Lockfile, extended: Extended) -> Result<(), Vec<ProjectError>> {
        let mut errors = Vec::new();
        let publisher = extended.publisher.clone();
        for (name, declared) in &self.images {
            let is_published = lock.images.contains_key(name);
            match &declared.widen {
                None if is_published => {
                    let reason = format!(
                        "`{name}` is published by {publisher}: take it over with `{{ inherit = true }}`, or say why it \
                         is another one with `widen = \"…\"`"
                    );
                    errors.push(ProjectError::invalid(reason, &declared.at));
                }
                Some(widen) if !is_published => {
                    let reason =
                        format!("`widen` says why `{name}` is another one, and {publisher} does not publish it");
                    errors.push(ProjectError::invalid(reason, &widen.at));
                }
                _ => {}
            }
        }
        for (name, inherited) in std::mem::take(&mut self.inheritance.asked) {
            match inherited.answer(&name, lock, &publisher) {
                Ok(answer) => {
                    let (at, labels) = (inherited.at, inherited.labels);
                    let (request, update) = (answer.request.clone(), Settings::default());
                    let (trust, signatures) = inherited.trust.of(&inherited.own, answer.repository());
                    let value_at = at.clone();
                    let declared = Declared {
                        request,
                        limit: LIMIT,
                        trust,
                        signatures,
                        update,
                        labels,
                        widen: None,
                        at,
                        value_at,
                    };
                    self.images.insert(name.clone(), declared);
                    self.inheritance.answers.insert(name, answer);
                }
                Err(error) => errors.push(error),
            }
        }
        self.inheritance.extended = Some(extended);
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

impl Inherited {
    /// The image as the other lock has it, for the platforms that are asked for.
    fn answer(&self, name: &ImageName, lock: &Lockfile, publisher: &Publisher) -> Result<LockedImage, ProjectError> {
        let fail = |reason: String| ProjectError::invalid(reason, &self.at);
        let Some(image) = lock.images.get(name) else {
            let near = nearest(name.as_str(), lock.images.keys().map(ImageName::as_str));
            let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            return Err(fail(format!("{publisher} does not publish `{name}`{near}")));
        };
        if image.repository().is_none() {
            return Err(fail(format!(
                "`{name}` is a directory of the project that publishes it, and cannot be taken over"
            )));
        }
        // What proves a signature is kept by the publisher; this project looks for it by its own rules.
        let mut image = LockedImage { signatures: Vec::new(), ..image.clone() };
        let Some(platforms) = &self.platforms else { return Ok(image) };
        if let Some(missing) = platforms.iter().find(|platform| !image.platforms.contains_key(*platform)) {
            let has: Vec<&str> = image.platforms.keys().map(Platform::as_str).collect();
            let has = has.join(", ");
            return Err(fail(format!("{publisher} publishes `{name}` for {has}, and not for {missing}")));
        }
        image.platforms.retain(|platform, _| platforms.contains(platform));
        image.request.platforms = Some(platforms.clone());
        Ok(image)
    }
}
