//! The policy and the named contexts in a real BuildKit daemon, over a real registry, built by `buildctl`.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

#[path = "buildkit/bake.rs"]
mod bake;
#[path = "buildkit/example.rs"]
mod example;
#[path = "buildkit/proof.rs"]
mod proof;
#[path = "buildkit/rego.rs"]
mod rego;
#[path = "buildkit/spellings.rs"]
mod spellings;
#[path = "buildkit/stage.rs"]
mod stage;

use std::fs;

use imagelock_testkit::{Image, Layer};
use imagelock_tests::{BUILT, BuildKit, executables, image_that_says, need, shell};

use stage::{POLICY, Stage, TARGET};

/// How many requests asked for a tag of a repository.
fn asked_for_the_tag(stage: &Stage, repository: &str) -> usize {
    let path = format!("/v2/{repository}/manifests/");
    let requests = stage.registry.requests();
    requests.iter().filter(|request| request.path.starts_with(&path) && !request.path.contains("sha256:")).count()
}

#[test]
fn a_build_takes_the_pin_after_the_tag_has_moved() {
    let stage = Stage::new(&need!("docker-registry"), &[("web", "acme/web:1")], TARGET);
    let kit = BuildKit::start(&need!("buildkitd", "buildctl", "runc"), stage.registry.host());
    stage.push("acme/web:1", &image_that_says("moved"));
    let host = stage.registry.host();
    stage.dockerfile(&format!("FROM {host}/acme/web:1\n"));

    let before = asked_for_the_tag(&stage, "acme/web");
    kit.build(&stage.repo, "app", &POLICY).success();
    assert_eq!(stage.which(), "acme/web:1", "the build takes what was locked");
    assert_eq!(asked_for_the_tag(&stage, "acme/web"), before, "nobody asks where the tag points");

    // Without the policy, the same Dockerfile means something else: the test can tell the two apart.
    kit.build(&stage.repo, "app", &[]).success();
    assert_eq!(stage.which(), "moved");
}

#[test]
fn an_image_outside_the_lock_is_denied_before_anybody_asks_for_it() {
    let stage = Stage::new(&need!("docker-registry"), &[("web", "acme/web:1")], TARGET);
    let kit = BuildKit::start(&need!("buildkitd", "buildctl", "runc"), stage.registry.host());
    stage.push("acme/other:1", &image_that_says("other"));
    let host = stage.registry.host();
    stage.dockerfile(&format!("FROM {host}/acme/web:1 AS one\nFROM {host}/acme/other:1\n"));
    let before = stage.registry.requests().len();

    let denied = kit.build(&stage.repo, "app", &POLICY).exit(1);
    // What a person reads: the line of the Dockerfile, the image in full, and that a policy said no.
    assert!(denied.stderr.contains(&format!("   2 | >>> FROM {host}/acme/other:1")), "{}", denied.stderr);
    let reason = format!("source \"docker-image://{host}/acme/other:1\" denied by policy");
    assert!(denied.stderr.contains(&reason), "{}", denied.stderr);
    let others = stage.registry.requests().split_off(before);
    assert!(others.iter().all(|request| !request.path.contains("acme/other")), "{others:?}");

    let open = Stage::target("deny = false\n");
    stage.render(&open);
    kit.build(&stage.repo, "app", &POLICY).success();
    assert_eq!(stage.which(), "other");
}

#[test]
fn stages_copies_and_mounts_are_pinned() {
    let busybox = need!("busybox");
    let images = [("base", "acme/base:1"), ("tools", "acme/tools:2"), ("data", "acme/data:3")];
    let shell = shell(&busybox);
    let stage =
        Stage::with(&need!("docker-registry"), &images, TARGET, |name| image_that_says(name).layer(shell.clone()));
    let kit = BuildKit::start(&need!("buildkitd", "buildctl", "runc"), stage.registry.host());
    for (_, reference) in images {
        stage.push(reference, &image_that_says("moved").layer(shell.clone()));
    }
    let host = stage.registry.host();
    stage.dockerfile(&format!(
        "ARG BASE={host}/acme/base:1
FROM ${{BASE}} AS build
RUN cp /which /from-stage
RUN --mount=from={host}/acme/tools:2,target=/tools cp /tools/which /from-mount
FROM scratch
COPY --from=build /from-stage /from-mount /
COPY --from={host}/acme/data:3 /which /from-copy
"
    ));
    kit.build(&stage.repo, "app", &POLICY).success();
    let read = |file: &str| stage.repo.read(format!("{BUILT}/{file}"));
    assert_eq!(
        [read("from-stage"), read("from-mount"), read("from-copy")],
        ["acme/base:1", "acme/tools:2", "acme/data:3"]
    );

    // Each of the three places is denied by itself when the lock does not have its image.
    for image in ["acme/base", "acme/tools", "acme/data"] {
        let names: Vec<&str> =
            images.iter().filter(|(_, reference)| !reference.starts_with(image)).map(|(name, _)| *name).collect();
        stage.render(&Stage::target(&format!("images = {names:?}\n")));
        let denied = kit.build(&stage.repo, "app", &POLICY).exit(1);
        assert!(denied.stderr.contains(&format!("source \"docker-image://{host}/{image}:")), "{}", denied.stderr);
        assert!(denied.stderr.contains("denied by policy"), "{}", denied.stderr);
    }
}

#[test]
fn every_platform_of_a_pin_is_its_own_image() {
    let stage = Stage::with(&need!("docker-registry"), &[("web", "acme/web:1")], TARGET, |_| {
        Image::linux(["amd64", "arm64"])
            .layer_on("linux/amd64", Layer::files([("which", "amd64")]))
            .layer_on("linux/arm64", Layer::files([("which", "arm64")]))
    });
    let kit = BuildKit::start(&need!("buildkitd", "buildctl", "runc"), stage.registry.host());
    stage.dockerfile(&format!("FROM {}/acme/web:1\n", stage.registry.host()));
    for platform in ["amd64", "arm64"] {
        let option = format!("platform=linux/{platform}");
        kit.build(&stage.repo, "app", &[&POLICY[..], &["--opt", &option]].concat()).success();
        assert_eq!(stage.which(), platform);
    }
}

/// The image of a frontend, in a version of it.
fn frontend_image(program: &[u8], version: &str) -> Image {
    Image::linux(["amd64"])
        .layer(executables(&[("bin/dockerfile-frontend", program)], &[]))
        .label("org.opencontainers.image.version", version)
        .entrypoint(["/bin/dockerfile-frontend"])
}

#[test]
fn a_frontend_is_an_image_that_is_locked_or_allowed() {
    let frontend = fs::read(need!("dockerfile-frontend")).unwrap();
    let image = |version: &str| frontend_image(&frontend, version);
    let images = [("web", "acme/web:1"), ("dockerfile", "docker/dockerfile:1")];
    let mut stage = Stage::with(&need!("docker-registry"), &images, TARGET, |reference| match reference {
        "docker/dockerfile:1" => image("1.0"),
        other => image_that_says(other),
    });
    let kit = BuildKit::start(&need!("buildkitd", "buildctl", "runc"), stage.registry.host());
    stage.push("docker/dockerfile:1", &image("1.1"));
    stage.push("acme/web:1", &image_that_says("moved"));
    stage.name_docker_hub();
    stage.dockerfile("# syntax=docker/dockerfile:1\nFROM acme/web:1\n");

    // Locked: the frontend that runs is the pinned one.
    let before = asked_for_the_tag(&stage, "docker/dockerfile");
    let built = kit.build(&stage.repo, "app", &POLICY).success();
    assert_eq!(stage.which(), "acme/web:1");
    let pinned = format!("docker-image://docker.io/docker/dockerfile:1@{}", stage.digest("dockerfile"));
    assert!(built.stderr.contains(&pinned), "{}", built.stderr);
    assert_eq!(asked_for_the_tag(&stage, "docker/dockerfile"), before);

    // Neither locked nor allowed: the message shows the line.
    stage.render(&Stage::target("images = [\"web\"]\n"));
    let denied = kit.build(&stage.repo, "app", &POLICY).exit(1);
    assert!(denied.stderr.contains(">>> # syntax=docker/dockerfile:1"), "{}", denied.stderr);
    assert!(denied.stderr.contains("\"docker-image://docker.io/docker/dockerfile:1\" denied by policy"));

    // Allowed: whatever the tag means now.
    stage.render(&Stage::target("images = [\"web\"]\nallow = [\"docker/dockerfile:1\"]\n"));
    kit.build(&stage.repo, "app", &POLICY).success();
    assert_eq!(stage.which(), "acme/web:1");
    assert!(asked_for_the_tag(&stage, "docker/dockerfile") > before);
}

#[test]
fn a_daemon_that_cannot_start_fails_the_test_with_its_log() {
    let (daemon, client) = need!("buildkitd", "buildctl");
    let nothing = camino::Utf8PathBuf::from("/nonexistent/runc");
    let started = std::panic::catch_unwind(|| BuildKit::start(&(daemon, client, nothing), "127.0.0.1:1"));
    let failure = started.err().expect("a daemon without runc does not start");
    let message = failure.downcast_ref::<String>().unwrap();
    assert!(message.contains("does not start; it needs root and the right to mount:\n"), "{message}");
    assert!(message.contains("/nonexistent/runc"), "{message}");
}
