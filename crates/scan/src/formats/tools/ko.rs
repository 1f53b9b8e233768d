//! Where ko's configuration names the images that it builds on.

use super::super::paths::{Syntax, YamlPaths, is_called};
use super::super::row::Row;

/// ko's configuration.
pub const KO: YamlPaths = YamlPaths {
    id: "ko",
    about: "a configuration of ko",
    claims: |path, _| is_called(path, &[".ko.yaml", ".ko.yml"]),
    syntax: Syntax::Yaml,
    images: &[Row::image("defaultBaseImage"), Row::image("baseImageOverrides.*")],
    variables: &[],
    names: &[],
};
