//! Where pipelines of Bitbucket name images: `image`, services, and pipes behind `docker://`.

use super::super::paths::{Syntax, YamlPaths, is_called};
use super::super::row::{Row, Takes};

/// Pipelines of Bitbucket.
pub const BITBUCKET: YamlPaths = YamlPaths {
    id: "bitbucket",
    about: "a pipeline of Bitbucket",
    claims: |path, _| is_called(path, &["bitbucket-pipelines.yml", "bitbucket-pipelines.yaml"]),
    syntax: Syntax::Yaml,
    images: &[
        Row::image("image"),
        Row::image("image.name"),
        Row::image("definitions.services.*.image"),
        Row::image("definitions.services.*.image.name"),
        Row::image("**.step.image"),
        Row::image("**.step.image.name"),
        Row::new("**.script[].pipe", Takes::Scheme("docker://")),
        Row::new("**.after-script[].pipe", Takes::Scheme("docker://")),
    ],
    variables: &[],
    names: &[],
};
