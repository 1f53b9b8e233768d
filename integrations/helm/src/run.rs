//! How Helm is asked for what a target makes of its chart.

use camino::Utf8PathBuf;
use imagelock_core::project::{ProjectError, TargetTable};

use crate::table::{self, Way};

/// A chart and the values to render it with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The chart, relative to the project file.
    pub chart: Utf8PathBuf,
    /// The values files to render it with; the one that imagelock writes is the last, and counts before the others.
    pub values: Vec<Utf8PathBuf>,
}

impl Run {
    /// Reads it from a `[[helm]]` table; nothing where that asks not to be checked.
    pub fn of(table: &TargetTable) -> Result<Option<Self>, Vec<ProjectError>> {
        let target = table::read(table)?;
        let (Way::Overlay(path) | Way::Edit(path)) = target.way;
        let chart = target.chart.value;
        let mut values = target.check_with;
        // The chart's own are there already.
        values.extend(Some(path.value).filter(|path| *path != chart.join("values.yaml")));
        Ok((!target.skip_check).then_some(Self { chart, values }))
    }

    /// The arguments that make Helm 3 and 4 print the manifests. Paths cannot be taken for options.
    pub fn arguments(&self) -> Vec<String> {
        let chart = format!("./{}", self.chart);
        let mut arguments = ["template", "imagelock", &chart].map(str::to_owned).to_vec();
        for values in &self.values {
            arguments.extend(["--values".to_owned(), format!("./{values}")]);
        }
        arguments
    }
}
