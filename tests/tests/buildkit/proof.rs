//! `check --built`: what a real BuildKit says of real builds, held against the lock.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_testkit::{Image, Layer};
use imagelock_tests::{BuildKit, Output, image_that_says, need};

use crate::frontend_image;
use crate::rego::buildx;
use crate::stage::{POLICY, Stage};

const TARGET: &str = "[[buildkit]]\noutput = \"build/source-policy.json\"\nrego = \"app/Dockerfile.rego\"\n";
const BOTH: [&str; 2] = ["--opt", "platform=linux/amd64,linux/arm64"];
const MAX: [&str; 2] = ["--opt", "attest:provenance=mode=max"];
const OLDER: [&str; 2] = ["--opt", "attest:provenance=mode=min,version=v0.2"];

fn both_platforms(says: &str) -> Image {
    Image::linux(["amd64", "arm64"]).layer(Layer::files([("which", says)]))
}

type Programs = (Utf8PathBuf, Utf8PathBuf, Utf8PathBuf);

/// Builds and pushes an image.
fn pushed(kit: &BuildKit, stage: &Stage, reference: &str, options: &[&[&str]]) -> String {
    let reference = format!("{}/{reference}", stage.registry.host());
    let output = format!("type=image,name={reference},push=true,registry.insecure=true");
    let mut arguments = options.concat();
    arguments.extend(["--output", &output]);
    kit.build(&stage.repo, "app", &arguments).success();
    reference
}

fn built(stage: &Stage, what: &str) -> Output {
    stage.repo.imagelock(["check", "--built", what])
}

/// One image, in every form in which its provenance comes.
fn in_every_form(kit: &BuildKit, stage: &Stage, buildx_program: &Utf8Path, policy: &[&str]) -> Vec<String> {
    let mut forms = vec![pushed(kit, stage, "acme/own:1", &[policy, &BOTH, &MAX])];
    forms.push(pushed(kit, stage, "acme/own:2", &[policy, &OLDER]));
    let tar = stage.repo.path("own.tar");
    let output = format!("type=oci,dest={tar}");
    let arguments = [policy, &BOTH, &MAX, &["--output", &output]].concat();
    kit.build(&stage.repo, "app", &arguments).success();
    std::fs::create_dir_all(stage.repo.path("layout")).unwrap();
    let unpacked = Command::new("tar").args(["-xf", tar.as_str(), "-C", stage.repo.path("layout").as_str()]).status();
    assert!(unpacked.unwrap().success());
    kit.build(&stage.repo, "app", &[policy, &MAX].concat()).success();
    stage.repo.write("statement.json", stage.repo.read(format!("{}/provenance.json", imagelock_tests::BUILT)));
    let policy: &[&str] = if policy.is_empty() { &["--policy", "disabled=true"] } else { &[] };
    let platforms = "linux/amd64,linux/arm64";
    let arguments = [policy, &["--platform", platforms, "--metadata-file", "metadata.json", "app"]].concat();
    buildx(stage, kit, buildx_program, &arguments).success();
    forms.extend(["own.tar", "layout", "statement.json", "metadata.json"].map(str::to_owned));
    forms
}

fn is_proved(registry: &Utf8Path, programs: &Programs, buildx_program: &Utf8Path) {
    let images = [("base", "acme/base:1"), ("tools", "acme/tools:1")];
    let stage = Stage::with(registry, &images, TARGET, both_platforms);
    let kit = BuildKit::start(programs, stage.registry.host());
    let host = stage.registry.host().to_owned();
    stage.dockerfile(&format!("FROM {host}/acme/base:1\nCOPY --from={host}/acme/tools:1 /which /tool\n"));
    stage.push("acme/base:1", &both_platforms("moved"));
    stage.push("acme/tools:1", &both_platforms("moved"));

    // From what is locked, after the tags have moved.
    for form in in_every_form(&kit, &stage, buildx_program, &POLICY) {
        let before = stage.registry.requests().len();
        let output = built(&stage, &form).success();
        assert!(output.stderr.contains(": no findings"), "{form}: {}", output.stderr);
        let images = if form.ends_with(".json") && form.starts_with('s') || form.ends_with(":2") { 2 } else { 4 };
        assert!(output.stderr.contains(&format!("of {images} images")), "{form}: {}", output.stderr);
        let asked = stage.registry.requests().len() - before;
        assert_eq!(asked > 0, form.contains(':'), "only a reference is asked for: {form} {asked}");
        assert_eq!(output.stderr.contains("Asking"), form.contains(':'), "{form}: {}", output.stderr);
    }
    // From where the tags point now.
    let moved = both_platforms("moved").digest()[..19].to_owned();
    for form in in_every_form(&kit, &stage, buildx_program, &[]) {
        let output = built(&stage, &form).exit(1);
        let says = format!("was built from `{host}/acme/tools:1@{moved}");
        assert!(output.stdout.contains(&says), "{form}: {}", output.stdout);
        let locked = format!("and `tools` is locked at {} (1, {host}/acme/tools)", &stage.digest("tools")[..19]);
        assert!(output.stdout.contains(&locked), "{form}: {}", output.stdout);
    }
    // From an image that nobody locked.
    stage.push("acme/other:1", &both_platforms("other"));
    stage.dockerfile(&format!("FROM {host}/acme/base:1\nCOPY --from={host}/acme/other:1 /which /tool\n"));
    stage.render(&format!("{TARGET}deny = false\n"));
    let form = pushed(&kit, &stage, "acme/own:3", &[&POLICY, &MAX]);
    let output = built(&stage, &form).exit(1);
    assert_eq!(output.stdout.lines().filter(|line| line.starts_with("error")).count(), 1, "{}", output.stdout);
    assert!(output.stdout.contains(&format!("/acme/other:1@{}", &both_platforms("other").digest()[..19])));
    assert!(output.stdout.contains(&format!("which is in no lock\n  = help: imagelock add {host}/acme/other:1\n")));
    // Built without saying so.
    let form = pushed(&kit, &stage, "acme/own:4", &[&POLICY]);
    let output = built(&stage, &form).exit(1);
    let says =
        "was built without provenance\n  = help: build it with BuildKit and `--attest type=provenance,mode=max`\n";
    assert!(output.stdout.contains(says), "{}", output.stdout);
    stage.repo.imagelock(["check", "--built", &format!("{host}/acme/own:5")]).exit(3);
}

#[test]
fn what_went_into_a_build_is_proved_with_an_older_registry() {
    let (registry, buildx) = (need!("docker-registry"), need!("buildx"));
    is_proved(&registry, &need!("buildkitd", "buildctl", "runc"), &buildx);
}

#[test]
fn what_went_into_a_build_is_proved_with_a_newer_registry() {
    let (registry, buildx) = (need!("registry3"), need!("buildx"));
    is_proved(&registry, &need!("buildkitd", "buildctl", "runc"), &buildx);
}

#[test]
fn a_frontend_and_an_image_of_the_repository_went_into_a_build_too() {
    let frontend = std::fs::read(need!("dockerfile-frontend")).unwrap();
    let image = |version: &str| frontend_image(&frontend, version);
    let images = [("web", "acme/web:1"), ("dockerfile", "docker/dockerfile:1")];
    let mut stage = Stage::with(&need!("docker-registry"), &images, TARGET, |reference| match reference {
        "docker/dockerfile:1" => image("1.0"),
        other => image_that_says(other),
    });
    let kit = BuildKit::start(&need!("buildkitd", "buildctl", "runc"), stage.registry.host());
    stage.push("library/own:1", &image_that_says("own"));
    stage.name_docker_hub();
    stage.dockerfile("# syntax=docker/dockerfile:1\nFROM acme/web:1\nCOPY --from=own:1 /which /own\n");
    stage.render(&format!("{TARGET}allow = [\"own\"]\n"));
    let form = pushed(&kit, &stage, "acme/app:1", &[&POLICY, &MAX]);

    let output = built(&stage, &form).exit(1);
    assert!(output.stdout.contains("was built from `docker.io/library/own:1@sha256:"), "{}", output.stdout);
    assert!(output.stderr.contains(" images: 1 finding"), "{}", output.stderr);
    stage.repo.write("images.toml", format!("built = [\"own\"]\n{}", stage.repo.read("images.toml")));
    let output = built(&stage, &form).success();
    assert!(output.stderr.contains("Built docker.io/library/own:1@sha256:"), "{}", output.stderr);

    // Another frontend than the locked one builds something else from the same text.
    stage.push("docker/dockerfile:1", &image("1.1"));
    let form = pushed(&kit, &stage, "acme/app:2", &[&MAX]);
    let output = built(&stage, &form).exit(1);
    assert!(output.stdout.contains("was built from `docker.io/docker/dockerfile:1@sha256:"), "{}", output.stdout);
}
