//! Charts of Helm: values of every shape, the images that `Chart.yaml` tells of, and literals in templates.

mod chart;
pub(super) mod pairs;
mod template;
pub(super) mod values;

pub use chart::CHART;
pub use template::Template;
pub(super) use template::image_lines;
pub use values::Values;
