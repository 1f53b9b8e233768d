//! Every outside tool that a test or a benchmark runs, with its version: the only place where versions are pinned.
//!
//! Tools built from source are pinned to one version. Debian keeps a single build of a package in a
//! release, so those are pinned to the series that the tests were written for.

use anyhow::Result;

use super::go;
use crate::shell;

/// One tool.
pub(crate) struct Tool {
    /// The name under which tests ask for it.
    pub(crate) name: &'static str,
    /// Its version, or the series of a Debian package.
    pub(crate) version: &'static str,
    /// How it is installed.
    pub(crate) how: How,
    /// The arguments that make it print its version, run once before the installation counts as done.
    pub(crate) check: &'static [&'static str],
    /// The program on `PATH` that may stand in for it when it cannot be installed, and what its version then shows.
    pub(crate) stand_in: Option<(&'static str, &'static str)>,
    /// What is skipped without it.
    pub(crate) needed_by: &'static str,
}

/// The ways of installing a tool.
pub(crate) enum How {
    /// `go install PACKAGE@vVERSION`.
    Go(&'static str),
    /// A module made for the purpose that requires the package: `go install` refuses a module whose own file has
    /// `replace` or `exclude` lines. The replacements that the program needs are repeated here.
    GoModule { package: &'static str, replace: &'static [(&'static str, &'static str)] },
    /// A Go program of this repository, in this folder. What its source is takes the place of a version: it is built
    /// anew when that changes.
    Own(&'static str),
    /// `cargo install` of the crate with the tool's name.
    Cargo,
    /// The same, and only for who asks for it by its name: no test needs it.
    CargoOnDemand,
    /// A program of a Debian package, unpacked with the libraries that this machine lacks: nothing is installed.
    Debian { package: &'static str, program: &'static str },
    /// Bazel of a Debian release, in a root folder that holds that release.
    Bazel { release: &'static str, packages: &'static [&'static str], modules: bool },
    /// Only ever taken from `PATH`: no package registry has it.
    Path,
}

impl Tool {
    /// The version under which the tool is kept: of a program of this repository, the start of its source's digest.
    pub(crate) fn kept_as(&self) -> Result<String> {
        match self.how {
            How::Own(folder) => go::source_version(&shell::repository().join(folder)),
            _ => Ok(self.version.to_owned()),
        }
    }
}

impl How {
    /// A few words for `cargo xtask tools --list`.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Go(package) => format!("go install {package}"),
            Self::GoModule { package, .. } => format!("go build {package}"),
            Self::Own(folder) => format!("go build {folder}"),
            Self::Cargo | Self::CargoOnDemand => "cargo install".to_owned(),
            Self::Debian { package, .. } => format!("Debian package {package}"),
            Self::Bazel { release, .. } => format!("Debian {release} in a folder"),
            Self::Path => "PATH only".to_owned(),
        }
    }
}

const HCL: (&str, &str) =
    ("github.com/hashicorp/hcl/v2@v2.20.1", "github.com/opentofu/hcl/v2@v2.20.2-0.20251021132045-587d123c2828");

/// The tools in the order in which they are installed: what most tests need first, then the long ones.
pub(crate) const TOOLS: &[Tool] = &[
    Tool {
        name: "bazel7",
        version: "7.7.1",
        how: How::Bazel {
            release: "forky",
            packages: &[
                "default-jdk-headless",
                "bazel-skylib",
                "bazel-features",
                "bazel-lib",
                "bazel-aspect-bazel-lib",
                "bazel-rules-shell",
                "bazel-rules-pkg",
            ],
            modules: true,
        },
        check: &["--version"],
        stand_in: None,
        needed_by: "the Bazel module with MODULE.bazel",
    },
    Tool {
        name: "docker-registry",
        version: "2.8",
        how: How::Debian { package: "docker-registry", program: "docker-registry" },
        check: &["--version"],
        stand_in: Some(("docker-registry", "2.8")),
        needed_by: "every test against a real registry, and every build-system test that pulls",
    },
    Tool {
        name: "buildifier",
        version: "0.0.0-20260904073137-eaa4d125b423",
        how: How::Go("github.com/bazelbuild/buildtools/buildifier"),
        check: &["--version"],
        stand_in: Some(("buildifier", "8.")),
        needed_by: "the format and lint check of .bzl files",
    },
    Tool {
        name: "bazel4",
        version: "4.2.3",
        // An older Bazel leaves the manifests of OCI images to curl.
        how: How::Bazel { release: "bookworm", packages: &["curl"], modules: false },
        check: &["--version"],
        stand_in: None,
        needed_by: "the Bazel module with WORKSPACE",
    },
    Tool {
        name: "tofu",
        version: "1.12.6",
        how: How::GoModule { package: "github.com/opentofu/opentofu/cmd/tofu", replace: &[HCL] },
        check: &["version"],
        stand_in: Some(("tofu", "v1.12")),
        needed_by: "the Terraform module",
    },
    Tool {
        name: "crane",
        version: "0.22.1",
        how: How::Go("github.com/google/go-containerregistry/cmd/crane"),
        check: &["version"],
        stand_in: Some(("crane", "0.2")),
        needed_by: "the comparison of digests, and a benchmark",
    },
    Tool {
        name: "oras",
        version: "1.3.6",
        how: How::Go("oras.land/oras/cmd/oras"),
        check: &["version"],
        stand_in: Some(("oras", "1.3")),
        needed_by: "what lies beside images in a layout and in a mirror",
    },
    Tool {
        name: "strace",
        version: "6",
        how: How::Debian { package: "strace", program: "strace" },
        check: &["--version"],
        stand_in: Some(("strace", "6.")),
        needed_by: "kills and faults at every system call that writes",
    },
    Tool {
        name: "cosign",
        version: "3.1.3",
        how: How::Go("github.com/sigstore/cosign/v3/cmd/cosign"),
        check: &["version"],
        stand_in: Some(("cosign", "v3.")),
        needed_by: "signatures by the tool that people sign with",
    },
    Tool {
        name: "helm4",
        version: "4.3.1",
        how: How::Go("helm.sh/helm/v4/cmd/helm"),
        check: &["version"],
        stand_in: Some(("helm", "v4.")),
        needed_by: "the Helm overlay with Helm 4",
    },
    Tool {
        name: "helm3",
        version: "3.22.0",
        how: How::Go("helm.sh/helm/v3/cmd/helm"),
        check: &["version"],
        stand_in: Some(("helm", "v3.")),
        needed_by: "the Helm overlay with Helm 3",
    },
    Tool {
        name: "registry3",
        version: "3.1.2",
        how: How::Go("github.com/distribution/distribution/v3/cmd/registry"),
        check: &["--version"],
        stand_in: Some(("registry", "v3.")),
        needed_by: "the tests against a second real registry",
    },
    Tool {
        name: "buildkitd",
        version: "0.34.2",
        how: How::GoModule { package: "github.com/moby/buildkit/cmd/buildkitd", replace: &[] },
        check: &["--version"],
        stand_in: Some(("buildkitd", "v0.")),
        needed_by: "builds under a BuildKit source policy",
    },
    Tool {
        name: "buildctl",
        version: "0.34.2",
        how: How::GoModule { package: "github.com/moby/buildkit/cmd/buildctl", replace: &[] },
        check: &["--version"],
        stand_in: Some(("buildctl", "v0.")),
        needed_by: "builds under a BuildKit source policy",
    },
    Tool {
        name: "runc",
        version: "1",
        how: How::Debian { package: "runc", program: "runc" },
        check: &["--version"],
        stand_in: Some(("runc", "1.")),
        needed_by: "builds under a BuildKit source policy",
    },
    Tool {
        name: "dockerfile-frontend",
        version: "0.34.2",
        how: How::GoModule {
            package: "github.com/moby/buildkit/frontend/dockerfile/cmd/dockerfile-frontend",
            replace: &[],
        },
        check: &["-version"],
        stand_in: None,
        needed_by: "builds with a locked `# syntax=`",
    },
    Tool {
        name: "busybox",
        version: "1",
        how: How::Debian { package: "busybox-static", program: "busybox" },
        check: &["true"],
        stand_in: None,
        needed_by: "builds with `RUN` under a BuildKit source policy",
    },
    Tool {
        name: "docker-compose",
        version: "5.6.0",
        how: How::GoModule { package: "github.com/docker/compose/v5/cmd", replace: &[] },
        check: &["version"],
        stand_in: Some(("docker-compose", "v5.")),
        needed_by: "the Compose override",
    },
    Tool {
        name: "buildx",
        version: "0.38.2",
        how: How::Go("github.com/docker/buildx/cmd/buildx"),
        check: &["version"],
        stand_in: None,
        needed_by: "Rego policies, the bake file, and builds through buildx",
    },
    Tool {
        name: "buildah",
        version: "1.28",
        how: How::Debian { package: "buildah", program: "buildah" },
        check: &["--version"],
        stand_in: None,
        needed_by: "named contexts in a builder without policies",
    },
    Tool {
        name: "kustomize",
        version: "5.8.2",
        how: How::Go("sigs.k8s.io/kustomize/kustomize/v5"),
        check: &["version"],
        stand_in: Some(("kustomize", "v5.")),
        needed_by: "the kustomize component",
    },
    Tool {
        name: "yamloracle",
        version: "0",
        how: How::Own("tests/go/yamloracle"),
        check: &["--version"],
        stand_in: None,
        needed_by: "the comparison with what Go reads in manifests",
    },
    Tool {
        name: "buildozer",
        version: "0.0.0-20260904073137-eaa4d125b423",
        how: How::Go("github.com/bazelbuild/buildtools/buildozer"),
        check: &["--version"],
        stand_in: None,
        needed_by: "`bazel mod tidy` on the Bazel module",
    },
    Tool {
        name: "actionlint",
        version: "1.7.12",
        how: How::Go("github.com/rhysd/actionlint/cmd/actionlint"),
        check: &["--version"],
        stand_in: Some(("actionlint", "1.7")),
        needed_by: "the check of the workflow templates",
    },
    Tool {
        name: "kubeconform",
        version: "0.8.0",
        how: How::Go("github.com/yannh/kubeconform/cmd/kubeconform"),
        check: &["-v"],
        stand_in: None,
        needed_by: "the check of rendered Kubernetes objects",
    },
    Tool {
        name: "skopeo",
        version: "1",
        how: How::Debian { package: "skopeo", program: "skopeo" },
        check: &["--version"],
        stand_in: Some(("skopeo", "1.")),
        needed_by: "the second opinion on digests",
    },
    Tool {
        name: "rpm",
        version: "4.18",
        how: How::Debian { package: "rpm", program: "rpm" },
        check: &["--version"],
        stand_in: None,
        needed_by: "the comparison of rpm's versions and databases",
    },
    Tool {
        name: "rpmbuild",
        version: "4.18",
        how: How::Debian { package: "rpm", program: "rpmbuild" },
        check: &["--version"],
        stand_in: None,
        needed_by: "the comparison of rpm's databases",
    },
    Tool {
        name: "jq",
        version: "1",
        how: How::Debian { package: "jq", program: "jq" },
        check: &["--version"],
        stand_in: Some(("jq", "1.")),
        needed_by: "the shell examples that read the lock, and the reader in jq",
    },
    Tool {
        name: "chromium",
        version: "1",
        how: How::Debian { package: "chromium-headless-shell", program: "chromium-headless-shell" },
        check: &["--version"],
        stand_in: Some(("chromium", "Chromium 1")),
        needed_by: "the page of `report` in a browser, and its picture",
    },
    Tool {
        name: "rg",
        version: "1",
        how: How::Debian { package: "ripgrep", program: "rg" },
        check: &["--version"],
        stand_in: Some(("rg", "ripgrep 1")),
        needed_by: "a benchmark",
    },
    Tool {
        name: "frizbee",
        version: "0.1.7",
        how: How::Go("github.com/stacklok/frizbee"),
        check: &["--help"],
        stand_in: None,
        needed_by: "a benchmark",
    },
    Tool {
        name: "cargo-deny",
        version: "0.20.2",
        how: How::Cargo,
        check: &["--version"],
        stand_in: Some(("cargo-deny", "0.")),
        needed_by: "the check of licences and sources of the dependencies",
    },
    Tool {
        name: "cargo-mutants",
        version: "27.1.0",
        how: How::CargoOnDemand,
        // As cargo starts it.
        check: &["mutants", "--version"],
        stand_in: Some(("cargo-mutants", "27.")),
        needed_by: "cargo xtask mutants",
    },
    Tool {
        name: "terraform",
        version: "1",
        how: How::Path,
        check: &["version"],
        stand_in: Some(("terraform", "v1.")),
        needed_by: "the Terraform module with Terraform beside OpenTofu",
    },
    Tool {
        name: "kubectl",
        version: "1",
        how: How::Path,
        check: &["version", "--client"],
        stand_in: Some(("kubectl", "v1.")),
        needed_by: "the kustomize component with kubectl's own kustomize",
    },
    Tool {
        name: "earth",
        version: "0",
        how: How::Path,
        check: &["--version"],
        stand_in: Some(("earth", "v0.")),
        needed_by: "builds of the Earthfile",
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_name_is_used_twice() {
        let names: BTreeSet<_> = TOOLS.iter().map(|tool| tool.name).collect();
        assert_eq!(names.len(), TOOLS.len());
    }

    #[test]
    fn every_tool_built_from_source_is_pinned_to_one_version() {
        for tool in TOOLS {
            if matches!(tool.how, How::Go(_) | How::GoModule { .. } | How::Cargo) {
                let dots = tool.version.matches('.').count();
                assert!(dots == 2, "{} {} is no exact version", tool.name, tool.version);
            }
        }
    }

    #[test]
    fn what_no_registry_has_can_come_from_the_path() {
        for tool in TOOLS.iter().filter(|tool| matches!(tool.how, How::Path)) {
            assert!(tool.stand_in.is_some(), "{} could never be found", tool.name);
        }
    }
}
