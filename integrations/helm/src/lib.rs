//! The Helm adapter: the lock's images as values of a chart, in the shape that the chart has for them.
//!
//! A `[[helm]]` table names a chart and, by their paths in its values, its images. The values are written to an
//! overlay for `helm -f`, or into a values file in place. What no value reaches, `imagelock post-render` pins in what
//! Helm rendered: that is Kubernetes' business, and so `imagelock_kubernetes`'s.
//!
//! Nothing here runs Helm, reads templates as anything but text, or reads a file other than through
//! [`imagelock_adapter::Tree`]: how a template puts a reference together is guessed from its lines. What Kubernetes
//! would run of Helm's own output is the proof, and `imagelock_kubernetes::unpinned` reads it.

mod chart;
mod fields;
mod overlay;
mod reads;
mod repository;
mod run;
mod schema;
mod settings;
mod shape;
mod table;
mod target;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
#[allow(clippy::format_collect, reason = "tests build texts of lines")]
mod tests;

use imagelock_adapter::{Adapter, Target};
use imagelock_core::project::{ProjectError, TargetTable};

pub use run::Run;
pub use shape::{Shape, ShapeError};

/// The adapter of `[[helm]]`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Helm;

impl Adapter for Helm {
    fn id(&self) -> &'static str {
        "helm"
    }

    fn about(&self) -> &'static str {
        "values that pin a chart's images, as an overlay or in place"
    }

    fn pins_elsewhere(&self) -> &'static [&'static str] {
        &["helm-values", "helm-template", "helm-chart"]
    }

    fn read(&self, table: &TargetTable) -> Result<Box<dyn Target>, Vec<ProjectError>> {
        Ok(Box::new(table::read(table)?))
    }
}
