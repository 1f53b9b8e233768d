//! The images that a chart tells of in the annotations of its `Chart.yaml`. Its dependencies are charts.

use super::super::paths::{Syntax, YamlPaths, is_called};
use super::super::row::{Row, Takes};
use super::image_lines;

/// `Chart.yaml`.
pub const CHART: YamlPaths = YamlPaths {
    id: "helm-chart",
    about: "the description of a chart",
    claims: |path, _| is_called(path, &["Chart.yaml", "Chart.yml"]),
    syntax: Syntax::Yaml,
    images: &[
        Row::new("annotations.artifacthub*/images", Takes::Within(image_lines)),
        Row::new("annotations.images", Takes::Within(image_lines)),
    ],
    variables: &[],
    names: &[],
};
