//! The CycloneDX adapter: a bill of materials (ECMA-424, CycloneDX 1.6) with a component for each locked image.
//!
//! It says which images are used, not what is in them. The same lock gives the same bytes: there is no time in it,
//! and the serial number is made of the components.

mod bom;

use camino::Utf8PathBuf;
use imagelock_adapter::{Adapter, Common, Context, Output, RenderError, Target};
use imagelock_core::ImageName;
use imagelock_core::project::{Fields, ProjectError, TargetTable};
use imagelock_core::source::Spanned;

/// The adapter of `[[cyclonedx]]`.
pub struct CycloneDx;

struct Bom {
    output: Spanned<Utf8PathBuf>,
    images: Option<Vec<Spanned<ImageName>>>,
}

impl Adapter for CycloneDx {
    fn id(&self) -> &'static str {
        "cyclonedx"
    }

    fn about(&self) -> &'static str {
        "the locked images as components of a CycloneDX bill of materials"
    }

    fn read(&self, table: &TargetTable) -> Result<Box<dyn Target>, Vec<ProjectError>> {
        let mut fields = Fields::new(&table.node, "[[cyclonedx]]").map_err(|error| vec![error])?;
        fields.required_text("output");
        let Common { output, images } = Common::read(&mut fields);
        fields.finish()?;
        let Some(output) = output else { return Err(Vec::new()) };
        Ok(Box::new(Bom { output, images }))
    }
}

impl Target for Bom {
    fn title(&self) -> String {
        format!("cyclonedx {}", self.output.value)
    }

    fn images(&self) -> Vec<Spanned<ImageName>> {
        self.images.clone().unwrap_or_default()
    }

    fn render(&self, context: &Context<'_>) -> Result<Vec<Output>, RenderError> {
        let images = context.images(self.images.as_deref())?;
        let output = Output::generated(&self.output.value, &bom::text(&images), &self.output.at)?;
        Ok(vec![output.with(images.iter().map(|image| image.name))])
    }
}

#[cfg(test)]
mod tests;
