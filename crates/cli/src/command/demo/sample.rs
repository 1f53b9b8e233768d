//! The sample monorepo: `examples/monorepo`, and the modules that it loads, with another registry in its files.

use camino::Utf8Path;

use crate::failure::Failure;

/// The registry that the example names.
pub(super) const REGISTRY: &str = "registry.example.com";

/// Embeds files of the repository under the paths that they get in the sample.
macro_rules! files {
    ($from:literal => $to:literal: $($path:literal),* $(,)?) => {
        &[$((concat!($to, $path), include_str!(concat!("../../../../../", $from, "/", $path)))),*]
    };
}

const EXAMPLE: &[(&str, &str)] = files!["examples/monorepo" => "":
    "images.toml", "BUILD.bazel", "MODULE.bazel", "compose.yaml", "docker-bake.hcl",
    "deploy/chart/Chart.yaml", "deploy/chart/values.yaml", "deploy/chart/templates/deployment.yaml",
    "deploy/kustomize/kustomization.yaml", "deploy/kustomize/base/kustomization.yaml",
    "deploy/cache.container", "deploy/jobs/backup.yaml", "deploy/kustomize/base/pod.yaml", "infra/main.tf", "services/api/BUILD.bazel", "services/jobs/Earthfile",
    "services/jobs/job.txt", "services/web/Dockerfile", "services/web/index.html", "tools/Dockerfile",
    "tools/backup.sh",
];

const TERRAFORM: &[(&str, &str)] = files!["integrations/terraform/module" => "third_party/imagelock/terraform/":
    "judge.tf", "main.tf", "outputs.tf", "variables.tf", "versions.tf",
];

const BAZEL: &[(&str, &str)] = files!["integrations/bazel/module" => "third_party/imagelock/bazel/":
    "BUILD.bazel", "MODULE.bazel", "WORKSPACE", "extensions.bzl", "lock.bzl", "repositories.bzl",
    "platforms/BUILD.bazel", "private/BUILD.bazel", "private/auth.bzl", "private/defs.bzl", "private/download.bzl",
    "private/grammar.bzl", "private/hub.bzl", "private/image.bzl", "private/judge.bzl", "private/platforms.bzl",
    "private/sources.bzl", "private/text.bzl",
];

/// Writes the sample, in which `registry` stands for the example's.
pub(super) fn write(directory: &Utf8Path, registry: &str) -> Result<(), Failure> {
    for (path, text) in EXAMPLE.iter().chain(TERRAFORM).chain(BAZEL) {
        let path = directory.join(path);
        if let Some(parent) = path.parent() {
            fs_err::create_dir_all(parent)?;
        }
        let text = text
            .replace(REGISTRY, registry)
            .replace("../../../integrations/terraform/module", "../third_party/imagelock/terraform")
            .replace("../../integrations/bazel/module", "third_party/imagelock/bazel");
        fs_err::write(path, text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_has_every_file_of_the_modules() {
        let integrations = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../integrations");
        for (folder, embedded) in
            [("terraform/module", TERRAFORM), ("bazel/module", BAZEL), ("bazel/module/private", BAZEL)]
        {
            for entry in integrations.join(folder).read_dir_utf8().unwrap() {
                let name = entry.unwrap().file_name().to_owned();
                let source = [".tf", ".bzl"].iter().any(|end| name.ends_with(end));
                let there = embedded.iter().any(|(path, _)| path.rsplit('/').next() == Some(&*name));
                assert!(there || !source, "`{folder}/{name}` is not in the sample");
            }
        }
    }
}
