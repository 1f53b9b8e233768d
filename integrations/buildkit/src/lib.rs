//! The BuildKit adapter: a source policy, by which Dockerfiles that nobody touched build from the lock, and the same
//! pins as named contexts for tools that have no policies.
//!
//! It is for `[[buildkit]]` in the project file. It is not for editing Dockerfiles: that is `imagelock pin`.
//!
//! - [`policy`]: the rules, in an order that BuildKit and Buildah both read rightly.
//! - [`rego`]: the same policy for buildx, with a refusal in our own words.
//! - [`contexts`]: the bake file with named contexts.
//! - [`table`]: what the table in the project file may say.

pub mod contexts;
pub mod policy;
pub mod rego;
pub mod table;

use imagelock_adapter::{Adapter, Context, Output, RenderError, Target};
use imagelock_core::ImageName;
use imagelock_core::project::{ProjectError, TargetTable};
use imagelock_core::source::Spanned;

use table::PolicyTable;

/// The adapter.
#[derive(Clone, Copy, Debug)]
pub struct Buildkit;

impl Adapter for Buildkit {
    fn id(&self) -> &'static str {
        "buildkit"
    }

    fn about(&self) -> &'static str {
        "A source policy: unmodified Dockerfiles build from the lock, and images outside it are denied"
    }

    fn pins_elsewhere(&self) -> &'static [&'static str] {
        &["dockerfile", "bake", "bake-json"]
    }

    fn read(&self, table: &TargetTable) -> Result<Box<dyn Target>, Vec<ProjectError>> {
        Ok(Box::new(Policy { table: PolicyTable::read(&table.node)? }))
    }
}

/// One `[[buildkit]]` table.
struct Policy {
    table: PolicyTable,
}

impl Target for Policy {
    fn title(&self) -> String {
        let PolicyTable { output, rego, contexts, .. } = &self.table;
        let paths = [output, rego, contexts].into_iter().flatten().map(|path| path.value.as_str());
        format!("buildkit {}", paths.collect::<Vec<_>>().join(", "))
    }

    fn images(&self) -> Vec<Spanned<ImageName>> {
        let Some(images) = &self.table.images else { return Vec::new() };
        let aliases = self.table.aliases.iter().map(|alias| alias.image.clone());
        images.iter().cloned().chain(aliases).collect()
    }

    fn render(&self, context: &Context<'_>) -> Result<Vec<Output>, RenderError> {
        let pins = policy::Pins::of(&self.table, context)?;
        let mut outputs = Vec::new();
        if let Some(Spanned { value: path, at }) = &self.table.output {
            outputs.push(Output::generated(path, &policy::render(&self.table, &pins), at)?);
        }
        if let Some(Spanned { value: path, at }) = &self.table.rego {
            outputs.push(Output::generated(path, &rego::render(&self.table, &pins, at)?, at)?);
        }
        if let Some(Spanned { value: path, at }) = &self.table.contexts {
            outputs.push(Output::generated(path, &contexts::render(&pins), at)?);
        }
        let images = context.images(self.table.images.as_deref())?;
        let named = self.table.aliases.iter().map(|alias| &alias.image.value);
        let names: Vec<&ImageName> = images.iter().map(|image| image.name).chain(named).collect();
        Ok(outputs.into_iter().map(|output| output.with(names.iter().copied())).collect())
    }
}

#[cfg(test)]
mod tests;
