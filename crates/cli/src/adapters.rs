//! The adapters, a line each: help, the project file, `render` and the documentation follow from this list.

use imagelock_adapter::Adapter;
use imagelock_all_files::AllFiles;
use imagelock_buildkit::Buildkit;
use imagelock_carvel::Carvel;
use imagelock_compose::Compose;
use imagelock_cyclonedx::CycloneDx;
use imagelock_dockerfile::Dockerfile;
use imagelock_earthly::Earthly;
use imagelock_helm::Helm;
use imagelock_kubernetes::Kubernetes;
use imagelock_kustomize::Kustomize;
use imagelock_marker::Markers;
use imagelock_terraform::Terraform;

/// Every adapter, in the order of their names.
pub const ADAPTERS: &[&dyn Adapter] = &[
    &Buildkit,
    &Carvel,
    &Compose,
    &CycloneDx,
    &Dockerfile,
    &Earthly,
    &AllFiles,
    &Helm,
    &Kubernetes,
    &Kustomize,
    &Markers,
    &Terraform,
];

/// The names of the tables that adapters own.
pub(crate) fn names() -> Vec<&'static str> {
    ADAPTERS.iter().map(|adapter| adapter.id()).collect()
}
