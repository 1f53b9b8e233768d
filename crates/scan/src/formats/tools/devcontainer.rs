//! Where configurations of development containers name images: `image`. Features are no images.

use camino::Utf8Path;

use super::super::paths::{Syntax, YamlPaths, is_called};
use super::super::row::Row;
use crate::Head;

/// Development containers.
pub const DEVCONTAINER: YamlPaths = YamlPaths {
    id: "devcontainer",
    about: "a configuration of a development container",
    claims,
    syntax: Syntax::Json,
    images: &[Row::image("image")],
    variables: &[],
    names: &[],
};

fn claims(path: &Utf8Path, _: &dyn Head) -> bool {
    is_called(path, &[".devcontainer.json", "devcontainer.json"])
}
