//! The adapter for Terraform and OpenTofu.
//!
//! Most configurations need none of it: the module in `module/` reads the lock itself. A `[[terraform]]` table is for
//! the two places that it does not reach: a run that does not have the lock gets a map of references as
//! `*.auto.tfvars.json` ([`Variables`](variables)), and a literal that has to stand in the configuration, because a
//! provider or a linter wants it there, is pinned where it stands.
//!
//! Not for: generating configuration. HCL and `.tf.json` evaluate `${…}`, and publishers write tags and labels;
//! variable files are data. No I/O either: files come from the context's tree.

mod variables;

use imagelock_adapter::{Adapter, Target};
use imagelock_core::project::{Fields, ProjectError, TargetTable};
use imagelock_edit::{InPlace, Spell};
use imagelock_scan::formats::Hcl;

use crate::variables::Variables;

/// The adapter of `[[terraform]]` tables.
#[derive(Clone, Copy, Debug)]
pub struct Terraform;

impl Adapter for Terraform {
    fn id(&self) -> &'static str {
        "terraform"
    }

    fn about(&self) -> &'static str {
        "Terraform and OpenTofu: a variable file with references, and literals pinned where they stand"
    }

    fn read(&self, table: &TargetTable) -> Result<Box<dyn Target>, Vec<ProjectError>> {
        let mut fields = Fields::new(&table.node, "[[terraform]]").map_err(|error| vec![error])?;
        let at = &table.node.at;
        let edit = fields.entry("edit").map(|_| InPlace::read(self.id(), "[[terraform]]", at, &mut fields));
        let images = match &edit {
            Some(edit) => edit.images.clone(),
            None => fields.all_parsed("images"),
        };
        let variable = fields.text("variable");
        let platform = fields.parsed("platform");
        let tagged = read_refs(&mut fields);
        let spell = Spell { tagged, platform };
        let target: Option<Box<dyn Target>> = match (fields.path("output"), edit) {
            (Some(output), None) => {
                let variable = variables::name(variable, &output, &mut fields);
                Some(Box::new(Variables { output, images, variable, spell }))
            }
            (None, Some(edit)) => {
                let unused = variable.map(|variable| ("variable", variable.at));
                let images = images.as_ref().and_then(|images| images.first());
                for (key, at) in unused.into_iter().chain(images.map(|image| ("images", image.at.clone()))) {
                    fields.fail(ProjectError::invalid(format!("`{key}` belongs to `output`, not to `edit`"), &at));
                }
                let formats: Vec<Box<dyn imagelock_scan::Format>> = vec![Box::new(Hcl)];
                Some(Box::new(InPlace { formats, spell, marked: true, ..edit }))
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

/// `refs = "digest"`, the default, or `refs = "tagged"`; whether it is tagged.
fn read_refs(fields: &mut Fields<'_>) -> bool {
    let Some(refs) = fields.text("refs") else { return false };
    if !matches!(refs.value.as_str(), "digest" | "tagged") {
        fields.fail(ProjectError::invalid("`refs` is \"digest\" or \"tagged\"", &refs.at));
    }
    refs.value == "tagged"
}

#[cfg(test)]
mod tests;
