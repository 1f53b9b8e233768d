//! The guides of `docs/`: their commands do what they say. `imagelock_tests::Guide` tells how they are written.

use imagelock_testkit::Image;
use imagelock_tests::{BuildKit, Guide, Monorepo, need};

/// Where the Terraform guide takes the module from.
const MODULE: &str = "github.com/imagelock/imagelock//integrations/terraform/module";

/// The digits of a digest that a guide makes up of its first.
fn shown(first: &str) -> String {
    first.repeat(6)[..64].to_owned()
}

/// The digits of the digest that an image of the reader's registry has.
fn digits(repository: &str, version: &str) -> String {
    let image = Image::linux(["amd64", "arm64"]).seed(repository).created("2026-11-12T08:31:02Z");
    let image = image.label("org.opencontainers.image.version", version);
    image.digest().trim_start_matches("sha256:").to_owned()
}

#[test]
fn adopting() {
    // The digest that somebody pinned by hand is the one that the reader's registry has.
    Guide::read("adopting").replace(&shown("4d2f8a90c1b7"), &digits("library/nginx", "1.29.3")).follow();
}

#[test]
fn organisation() {
    Guide::read("organisation").follow();
}

#[test]
fn proof() {
    // What was built stands on what the reader's registry has.
    let (nginx, web) = (digits("library/nginx", "1.29.3"), digits("acme/web", "1.4.2"));
    Guide::read("proof")
        .replace(&shown("4d2f8a90c1b7"), &nginx)
        .replace(&shown("71d0c3aa09be"), &web)
        .replace("@sha256:71d0…", "@sha256:…")
        .follow();
}

#[test]
fn bazel() {
    // The module is in no registry of modules here.
    let dependency = "bazel_dep(name = \"imagelock\", version = \"0.1.0\")\nimages";
    let place = "local_path_override(module_name = \"imagelock\", path = \"../module\")\nimages";
    Guide::read("bazel")
        .folder("integrations/bazel/module", "../module")
        .replace(dependency, &dependency.replace("images", place))
        .follow();
}

#[test]
fn buildkit() {
    let (buildx, programs) = (need!("buildx"), need!("buildkitd", "buildctl", "runc"));
    // Its registry is on the loopback interface, which BuildKit asks over plain HTTP without being told.
    let kit = BuildKit::start(&programs, "127.0.0.1:1");
    // The reader has a daemon, and a builder that uses it.
    let reader = Monorepo::builder().build();
    reader.run(&buildx, ["create", "--use", "--driver", "remote", kit.address()]).success();
    let builders = reader.home().join(".docker/buildx");
    Guide::read("buildkit").env("BUILDKIT_HOST", kit.address()).env("BUILDX_CONFIG", builders.as_str()).follow();
}

#[test]
fn hauler() {
    Guide::read("hauler").follow();
}

#[test]
fn zarf() {
    Guide::read("zarf").follow();
}

#[test]
fn carvel() {
    Guide::read("carvel").follow();
}

#[test]
fn compose() {
    Guide::read("compose").follow();
}

#[test]
fn cyclonedx() {
    Guide::read("cyclonedx").follow();
}

#[test]
fn dockerfile() {
    Guide::read("dockerfile").follow();
}

#[test]
fn earthly() {
    Guide::read("earthly").follow();
}

#[test]
fn files() {
    Guide::read("files").follow();
}

#[test]
fn helm() {
    Guide::read("helm").follow();
}

#[test]
fn kubernetes() {
    Guide::read("kubernetes").follow();
}

#[test]
fn kustomize() {
    Guide::read("kustomize").follow();
}

#[test]
fn marker() {
    Guide::read("marker").follow();
}

#[test]
fn templates() {
    Guide::read("templates").follow();
}

#[test]
fn terraform() {
    // The repository's own copy stands in for the one that the guide fetches.
    Guide::read("terraform").folder("integrations/terraform/module", "module").replace(MODULE, "../module").follow();
}
