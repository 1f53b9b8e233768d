//! The adapter for Terraform and OpenTofu.
//!
//! Most configurations need none of it: the module in `module/` reads the lock itself. A `[[terraform]]` table is for
//! the two places that it does not reach: a run that does not have the lock gets a map of references as
//! `*.auto.tfvars.json` ([`Variables`](variables)), and a literal that has to stand in the configuration, because a
//! provider or a linter wants it there, is pinned where it stands ([`Pins`](pins)).
//!
//! Not for: generating configuration. HCL and `.tf.json` evaluate `${…}`, and publishers write tags and labels;
//! variable files are data. No I/O either: files come from the context's tree.

mod files;
mod literals;
mod pins;
mod quote;
mod variables;

use imagelock_adapter::{Adapter, Common, Context, Pinned, Problem, RenderError, Target};
use imagelock_core::project::{Fields, NodeValue, ProjectError, TargetTable};
use imagelock_core::source::{Location, Spanned};
use imagelock_core::{Digest, Platform, Reference};

use crate::pins::Pins;
use crate::variables::Variables;

pub use crate::quote::quote;

/// The adapter of `[[terraform]]` tables.
#[derive(Clone, Copy, Debug)]
pub struct Terraform;

/// How an image is written, the same in a variable and in a literal.
#[derive(Clone, Debug)]
struct Style {
    tagged: bool,
    platform: Option<Spanned<Platform>>,
}

impl Style {
    /// The digest to pin: the platform's own manifest where one is asked for.
    fn digest(&self, pinned: &Pinned<'_>) -> Result<Digest, RenderError> {
        let Some(platform) = &self.platform else { return Ok(pinned.digest().clone()) };
        if let Some(manifest) = pinned.image.platforms.get(&platform.value) {
            return Ok(manifest.digest.clone());
        }
        let problem = Problem::at(&platform.at, format!("`{}` is not locked for `{}`", pinned.name, platform.value));
        Err(problem.help("add it to the image's `platforms` and run `{command} lock`").into())
    }

    fn reference(&self, pinned: &Pinned<'_>) -> Result<Reference, RenderError> {
        let tag = pinned.tag().filter(|_| self.tagged).cloned();
        Ok(pinned.repository.with(tag, Some(self.digest(pinned)?)))
    }
}

impl Adapter for Terraform {
    fn id(&self) -> &'static str {
        "terraform"
    }

    fn about(&self) -> &'static str {
        "Terraform and OpenTofu: a variable file with references, and literals pinned where they stand"
    }

    fn read(&self, table: &TargetTable) -> Result<Box<dyn Target>, Vec<ProjectError>> {
        let mut fields = Fields::new(&table.node, "[[terraform]]").map_err(|error| vec![error])?;
        let common = Common::read(&mut fields);
        let edit = read_edit(&mut fields);
        let variable = fields.text("variable");
        let platform = fields.parsed("platform");
        let tagged = read_refs(&mut fields);
        let style = Style { tagged, platform };
        let at = &table.node.at;
        let target: Option<Box<dyn Target>> = match (common.output, edit) {
            (Some(output), None) => {
                let variable = variables::name(variable, &output, &mut fields);
                Some(Box::new(Variables { output, images: common.images, variable, style }))
            }
            (None, Some(edit)) => {
                let unused = variable.map(|variable| ("variable", variable.at));
                let images = common.images.as_ref().and_then(|images| images.first());
                for (key, at) in unused.into_iter().chain(images.map(|image| ("images", image.at.clone()))) {
                    fields.fail(ProjectError::invalid(format!("`{key}` belongs to `output`, not to `edit`"), &at));
                }
                Some(Box::new(Pins { edit, style }))
            }
            (Some(output), Some(_)) => {
                let reason = "`output` and `edit` are two targets: write two `[[terraform]]` tables";
                fields.fail(ProjectError::invalid(reason, &output.at));
                None
            }
            (None, None) => {
                let reason = "`[[terraform]]` needs `output`, a variable file, or `edit`, files with pins";
                fields.fail(ProjectError::invalid(reason, at));
                None
            }
        };
        fields.finish()?;
        target.ok_or_else(Vec::new)
    }
}

/// `edit = "infra/main.tf"` or `edit = ["infra/**/*.tf"]`.
fn read_edit(fields: &mut Fields<'_>) -> Option<Vec<Spanned<String>>> {
    let entry = fields.entry("edit")?;
    let patterns = match &entry.node.value {
        NodeValue::Text(text) => Some(vec![Spanned { value: text.clone(), at: entry.node.content_at() }]),
        _ => fields.texts("edit"),
    }?;
    for pattern in &patterns {
        if let Err(reason) = files::check(&pattern.value) {
            fields.fail(ProjectError::invalid(format!("`edit` {reason}"), &pattern.at));
        }
    }
    Some(patterns)
}

/// `refs = "digest"`, the default, or `refs = "tagged"`; whether it is tagged.
fn read_refs(fields: &mut Fields<'_>) -> bool {
    let Some(refs) = fields.text("refs") else { return false };
    if !matches!(refs.value.as_str(), "digest" | "tagged") {
        fields.fail(ProjectError::invalid("`refs` is \"digest\" or \"tagged\"", &refs.at));
    }
    refs.value == "tagged"
}

/// The part of an image that a marker asks for.
fn part(context: &Context<'_>, marker: &literals::Marker, at: &Location, style: &Style) -> Result<String, RenderError> {
    let pinned = context.image(&marker.name, Some(at))?;
    match marker.part {
        literals::Part::Reference => Ok(style.reference(&pinned)?.to_string()),
        literals::Part::Repository => Ok(pinned.repository.to_string()),
        literals::Part::Digest => Ok(style.digest(&pinned)?.to_string()),
        literals::Part::Tag => pinned.tag().map(ToString::to_string).ok_or_else(|| {
            Problem::at(at, format!("`{}` was locked by its digest and has no tag", marker.name)).into()
        }),
    }
}

#[cfg(test)]
mod tests;
