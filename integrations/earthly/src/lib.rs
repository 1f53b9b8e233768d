//! The Earthly and EarthBuild adapter: an Earthfile with one target for each locked image, to `IMPORT`, and pins
//! inside Earthfiles for what an import cannot reach.
//!
//! It is for `[[earthly]]` in the project file. Where Earthfiles name images, `imagelock-scan` knows.
//!
//! - [`table`]: what the table in the project file may say.
//! - [`generate`]: the generated Earthfile.

pub mod generate;
pub mod table;

use imagelock_adapter::{Adapter, Context, Output, RenderError, Target};
use imagelock_core::ImageName;
use imagelock_core::project::{ProjectError, TargetTable};
use imagelock_core::source::Spanned;

use table::Table;

/// The adapter.
#[derive(Clone, Copy, Debug)]
pub struct Earthly;

impl Adapter for Earthly {
    fn id(&self) -> &'static str {
        "earthly"
    }

    fn about(&self) -> &'static str {
        "An Earthfile with one target for each image, to IMPORT, and pins inside Earthfiles"
    }

    fn read(&self, table: &TargetTable) -> Result<Box<dyn Target>, Vec<ProjectError>> {
        Ok(Box::new(Earthfiles { table: Table::read(&table.node)? }))
    }
}

/// One `[[earthly]]` table.
struct Earthfiles {
    table: Table,
}

impl Target for Earthfiles {
    fn title(&self) -> String {
        let edit = self.table.edit.iter().flat_map(|edit| &edit.files.edit).map(|path| path.value.as_str());
        let paths = self.table.output.iter().map(|path| path.value.as_str()).chain(edit);
        format!("earthly {}", paths.collect::<Vec<_>>().join(", "))
    }

    fn images(&self) -> Vec<Spanned<ImageName>> {
        self.table.images.clone().unwrap_or_default()
    }

    fn render(&self, context: &Context<'_>) -> Result<Vec<Output>, RenderError> {
        let mut outputs = Vec::new();
        if let Some(Spanned { value: path, at }) = &self.table.output {
            let output = Output::generated(path, &generate::render(&self.table, context)?, at)?;
            outputs.push(output.with(context.images(self.table.images.as_deref())?.iter().map(|image| image.name)));
        }
        if let Some(edit) = &self.table.edit {
            outputs.extend(edit.render(context)?);
        }
        Ok(outputs)
    }
}

#[cfg(test)]
mod tests;
