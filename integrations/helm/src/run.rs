//! How Helm is asked for what a target makes of its chart.

use camino::Utf8PathBuf;
use imagelock_core::project::{ProjectError, TargetTable};

use crate::table::{self, Way};

/// A chart and the values to render it with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The chart, relative to the project file.
    pub chart: Utf8PathBuf,
    /// The values that imagelock writes; nothing where they are the chart's own.
    pub values: Option<Utf8PathBuf>,
}

impl Run {
    /// Reads it from a `[[helm]]` table.
    pub fn of(table: &TargetTable) -> Result<Self, Vec<ProjectError>> {
        let target = table::read(table)?;
        let (Way::Overlay(path) | Way::Edit(path)) = target.way;
        let chart = target.chart.value;
        let values = Some(path.value).filter(|path| *path != chart.join("values.yaml"));
        Ok(Self { chart, values })
    }

    /// The arguments that make Helm 3 and 4 print the manifests. Paths cannot be taken for options.
    pub fn arguments(&self) -> Vec<String> {
        let chart = format!("./{}", self.chart);
        let mut arguments = ["template", "imagelock", &chart].map(str::to_owned).to_vec();
        if let Some(values) = &self.values {
            arguments.extend(["--values".to_owned(), format!("./{values}")]);
        }
        arguments
    }
}
