//! How Helm is asked for what a target makes of its chart.

use camino::Utf8PathBuf;
use imagelock_core::project::{ProjectError, TargetTable};

use crate::table::{self, Way};

/// A chart and the values to render it with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The chart, relative to the project file.
    pub chart: Utf8PathBuf,
    /// The values files to render it with.
    pub values: Vec<Utf8PathBuf>,
    /// The values file that imagelock writes, which counts before the others; nothing where those are the chart's own.
    pub written: Option<Utf8PathBuf>,
    /// Whether the manifests go through the post-renderer before they are judged, as they do on their way to Kubernetes.
    pub post_render: bool,
}

impl Run {
    /// Reads it from a `[[helm]]` table; nothing where that asks not to be checked.
    pub fn of(table: &TargetTable) -> Result<Option<Self>, Vec<ProjectError>> {
        let target = table::read(table)?;
        let (Way::Overlay(path) | Way::Edit(path)) = target.way;
        let chart = target.chart.value;
        // The chart's own are there already.
        let written = Some(path.value).filter(|path| *path != chart.join("values.yaml"));
        let (values, post_render) = (target.check_with, target.post_render);
        Ok((!target.skip_check).then_some(Self { chart, values, written, post_render }))
    }

    /// The arguments that make Helm 3 and 4 print the manifests. Paths cannot be taken for options.
    pub fn arguments(&self) -> Vec<String> {
        let chart = format!("./{}", self.chart);
        let mut arguments = ["template", "imagelock", &chart].map(str::to_owned).to_vec();
        for values in self.values.iter().chain(&self.written) {
            arguments.extend(["--values".to_owned(), format!("./{values}")]);
        }
        arguments
    }
}
