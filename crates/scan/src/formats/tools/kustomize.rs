//! Where kustomizations name images: `images` in parts, patches that are written out, and values of charts.
//!
//! The `name` of an image is what is looked for, and what stays where nothing replaces it.

use super::super::helm::image_lines;
use super::super::nested::Language;
use super::super::paths::{Syntax, YamlPaths, is_called};
use super::super::row::{Absent, Beside, Keys, Row, Takes};
use crate::{Head, Named};

/// Kustomizations and components.
pub const KUSTOMIZE: YamlPaths = YamlPaths {
    id: "kustomize",
    about: "a kustomization",
    claims,
    syntax: Syntax::Yaml,
    images: &[
        Row::new("images[]", Takes::Parts(IMAGES)).unless(replaces_nothing),
        Row::new("patches[].patch", Takes::Within(image_lines)),
        Row::new("patches[].patch", Takes::Nested(Language::Operations)),
        Row::new("patchesJson6902[].patch", Takes::Nested(Language::Operations)),
        Row::new("patchesStrategicMerge[]", Takes::Within(image_lines)),
        Row::new("helmCharts[].valuesInline", Takes::Values),
    ],
    variables: &[],
    names: &[],
};

/// Whether an item of `images` names an image and puts nothing in its place.
pub(in super::super) fn replaces_nothing(beside: &Beside<'_, '_>) -> bool {
    ["newName", "newTag", "digest"].iter().all(|key| beside.own(key).is_none())
}

/// The keys of an item of `images`.
pub(in super::super) const IMAGES: &Keys = &Keys {
    registry: &[],
    repository: &[&["newName"], &["name"]],
    tag: &[&["newTag"]],
    digest: &[&["digest"]],
    absent: Absent::Gets("digest"),
};

fn claims(path: &Named<'_>, _: &dyn Head) -> bool {
    is_called(path, &["kustomization.yaml", "kustomization.yml", "Kustomization"])
}
