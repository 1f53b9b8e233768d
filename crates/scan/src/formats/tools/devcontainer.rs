//! Where configurations of development containers name images: `image`. Features are no images.

use super::super::paths::{Syntax, YamlPaths, is_called};
use super::super::row::Row;
use crate::{Head, Named};

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

fn claims(path: &Named<'_>, _: &dyn Head) -> bool {
    is_called(path, &[".devcontainer.json", "devcontainer.json"])
}
