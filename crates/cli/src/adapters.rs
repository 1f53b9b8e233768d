//! The adapters, a line each: help, the project file, `render` and the documentation follow from this list.

use imagelock_adapter::Adapter;
use imagelock_all_files::AllFiles;
use imagelock_buildkit::Buildkit;
use imagelock_carvel::Carvel;
use imagelock_compose::Compose;
use imagelock_cyclonedx::CycloneDx;
use imagelock_dockerfile::Dockerfile;
use imagelock_earthly::Earthly;
use imagelock_hauler::Hauler;
use imagelock_helm::Helm;
use imagelock_kubernetes::Kubernetes;
use imagelock_kustomize::Kustomize;
use imagelock_marker::Markers;
use imagelock_terraform::Terraform;
use imagelock_zarf::Zarf;

/// Every adapter, in the order of their names.
pub const ADAPTERS: &[&dyn Adapter] = &[
    &Buildkit,
    &Carvel,
    &Compose,
    &CycloneDx,
    &Dockerfile,
    &Earthly,
    &AllFiles,
    &Hauler,
    &Helm,
    &Kubernetes,
    &Kustomize,
    &Markers,
    &Terraform,
    &Zarf,
];

/// The names of the tables that adapters own.
pub(crate) fn names() -> Vec<&'static str> {
    ADAPTERS.iter().map(|adapter| adapter.id()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_adapter_pins_elsewhere_is_of_formats_that_are_there() {
        let known: Vec<&str> = imagelock_scan::FORMATS.iter().map(|format| format.id()).collect();
        for adapter in ADAPTERS {
            for format in adapter.pins_elsewhere() {
                assert!(known.contains(format), "{}: {format}", adapter.id());
            }
        }
    }
}
