//! The languages of tools that build, develop and deploy: a table each.

mod ansible;
mod bake;
mod devcontainer;
mod ko;
mod kustomize;
mod skaffold;

pub use ansible::ANSIBLE;
pub use bake::{BAKE, BAKE_JSON};
pub use devcontainer::DEVCONTAINER;
pub use ko::KO;
pub use kustomize::KUSTOMIZE;
pub(super) use kustomize::{IMAGES, replaces_nothing};
pub use skaffold::SKAFFOLD;
