//! The Earthly and EarthBuild adapter: an Earthfile with one target for each locked image, to `IMPORT`, and pins
//! inside Earthfiles, and the Dockerfiles that they build, for what an import cannot reach.
//!
//! It is for `[[earthly]]` in the project file. It is not an Earthfile parser: [`lexer`] knows lines, words, quotes and
//! comments, which is what a pin needs, and leaves the meaning of a recipe to Earthly.
//!
//! - [`table`]: what the table in the project file may say.
//! - [`generate`]: the generated Earthfile.
//! - [`lexer`], [`places`]: where an Earthfile names images; [`dockerfile`]: where a Dockerfile does.
//! - [`pins`]: writing the locked digests into those places.

pub mod dockerfile;
pub mod generate;
pub mod lexer;
pub mod pins;
pub mod places;
pub mod table;

use imagelock_adapter::{Adapter, Context, Output, Problem, RenderError, Target};
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
        let paths = self.table.output.iter().chain(&self.table.edit).map(|path| path.value.as_str());
        format!("earthly {}", paths.collect::<Vec<_>>().join(", "))
    }

    fn images(&self) -> Vec<Spanned<ImageName>> {
        self.table.images.clone().unwrap_or_default()
    }

    fn render(&self, context: &Context<'_>) -> Result<Vec<Output>, RenderError> {
        let mut outputs = Vec::new();
        if let Some(Spanned { value: path, at }) = &self.table.output {
            outputs.push(Output::generated(path, &generate::render(&self.table, context)?, at)?);
        }
        if self.table.edit.is_empty() {
            return Ok(outputs);
        }
        let pins = pins::Pins::of(self.table.images.as_deref(), context)?;
        for Spanned { value: path, at } in &self.table.edit {
            let Some(text) = context.tree.read_text(path)? else {
                let problem = Problem::at(at, format!("there is no file `{path}` to pin"));
                return Err(problem.into());
            };
            let edited = pins.write(path, &text, context)?;
            let output = Output::edited(path, edited.text.into_bytes(), at);
            outputs.push(edited.warnings.into_iter().fold(output, Output::warn));
        }
        Ok(outputs)
    }
}

#[cfg(test)]
mod tests;
