//! The policy in Rego, which real buildx evaluates for a real BuildKit daemon.

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_tests::{BUILT, BuildKit, Output, image_that_says};

use crate::asked_for_the_tag;
use crate::stage::{POLICY, Stage};

/// A table that writes the policy where buildx finds it by itself.
const BESIDE: &str = "[[buildkit]]\nrego = \"app/Dockerfile.rego\"\n";

/// Builds with buildx, which is told of the daemon first.
pub(crate) fn buildx(stage: &Stage, kit: &BuildKit, program: &Utf8Path, arguments: &[&str]) -> Output {
    let created = ["create", "--use", "--driver", "remote", kit.address()];
    stage.repo.run(program, created).success();
    stage.repo.write(format!("{BUILT}/which"), "nothing was built");
    let output = format!("type=local,dest={BUILT}");
    let mut all = vec!["build", "--progress", "plain", "--output", &output];
    all.extend(arguments);
    stage.repo.run(program, all)
}

fn programs() -> Option<(Utf8PathBuf, (Utf8PathBuf, Utf8PathBuf, Utf8PathBuf), Utf8PathBuf)> {
    let tool = imagelock_tests::tool_or_skip;
    let daemon = (tool("buildkitd")?, tool("buildctl")?, tool("runc")?);
    Some((tool("docker-registry")?, daemon, tool("buildx")?))
}

#[test]
fn a_policy_beside_the_dockerfile_needs_no_option() {
    let Some((registry, daemon, program)) = programs() else { return };
    let images = [("nginx", "library/nginx:latest"), ("db", "acme/db:16")];
    let mut stage = Stage::new(&registry, &images, BESIDE);
    let kit = BuildKit::start(&daemon, stage.registry.host());
    for (_, reference) in images {
        stage.push(reference, &image_that_says("moved"));
    }
    stage.name_docker_hub();
    let before = asked_for_the_tag(&stage, "library/nginx");
    let digest = stage.digest("nginx");
    for (spelling, image) in [
        ("nginx".to_owned(), "library/nginx:latest"),
        ("docker.io/library/nginx:latest".to_owned(), "library/nginx:latest"),
        (format!("nginx@{digest}"), "library/nginx:latest"),
        (format!("nginx:1.27@{digest}"), "library/nginx:latest"),
        ("acme/db:16".to_owned(), "acme/db:16"),
    ] {
        stage.dockerfile(&format!("FROM {spelling}\n"));
        buildx(&stage, &kit, &program, &["app"]).success();
        assert_eq!(stage.which(), image, "{spelling}");
    }
    assert_eq!(asked_for_the_tag(&stage, "library/nginx"), before, "nobody asks where the tag points");

    let moved = image_that_says("moved").digest().to_owned();
    for spelling in ["nginx:1".to_owned(), format!("nginx:latest@{moved}"), format!("acme/other@{digest}")] {
        stage.dockerfile(&format!("FROM {spelling}\n"));
        let denied = buildx(&stage, &kit, &program, &["app"]).exit(1);
        assert!(denied.stderr.contains("is not in images.lock: lock it with `imagelock add`"), "{}", denied.stderr);
        assert!(denied.stderr.contains(&format!(">>> FROM {spelling}")), "{}", denied.stderr);
    }
    stage.dockerfile("# syntax=docker/dockerfile:1\nFROM nginx\n");
    let denied = buildx(&stage, &kit, &program, &["app"]).exit(1);
    assert!(denied.stderr.contains("Policy: docker.io/docker/dockerfile:1 is not in images.lock"), "{}", denied.stderr);
}

#[test]
fn a_policy_in_the_context_is_named_by_its_path_there() {
    let Some((registry, daemon, program)) = programs() else { return };
    let stage = Stage::new(&registry, &[("web", "acme/web:1")], "[[buildkit]]\nrego = \"build/images.rego\"\n");
    let kit = BuildKit::start(&daemon, stage.registry.host());
    stage.push("acme/web:1", &image_that_says("moved"));
    stage.dockerfile(&format!("FROM {}/acme/web:1\n", stage.registry.host()));
    let build = |arguments: &[&str]| buildx(&stage, &kit, &program, arguments);

    build(&["--policy", "filename=build/images.rego", "-f", "app/Dockerfile", "."]).success();
    assert_eq!(stage.which(), "acme/web:1");
    // What the guide says of buildx: a policy outside the context is no policy, and no build.
    let refused = build(&["--policy", "filename=build/images.rego", "app"]).exit(1);
    assert!(refused.stderr.contains("policy file build/images.rego not found"), "{}", refused.stderr);
    build(&["app"]).success();
    assert_eq!(stage.which(), "moved");
}

#[test]
fn rego_permits_what_the_table_allows_and_pins_before_it() {
    let Some((registry, daemon, program)) = programs() else { return };
    let allow = "allow = [\"acme/tool\", \"acme/one:1\", \"acme/below/*\", \"acme/web\"]\n";
    let mut stage = Stage::new(&registry, &[("web", "acme/web:1")], BESIDE);
    let kit = BuildKit::start(&daemon, stage.registry.host());
    stage.push("acme/web:1", &image_that_says("moved"));
    stage.push("acme/web:2", &image_that_says("acme/web:2"));
    stage.name_docker_hub();
    stage.render(&format!("{BESIDE}{allow}aliases = {{ \"acme/web:stable\" = \"web\" }}\n"));
    let one = image_that_says("acme/one:1").digest().to_owned();
    let allowed = ["acme/tool:2", "acme/one:1", "acme/below/a/b:1", "acme/web:2"];
    for reference in ["acme/tool:2", "acme/one:1", "acme/below/a/b:1", "acme/one:2", "acme/belowness/a:1"] {
        stage.push(reference, &image_that_says(reference));
    }
    let with_digest = format!("acme/one:1@{one}");
    let pinned = [("acme/web:1", "acme/web:1"), ("acme/web:stable", "acme/web:1"), (&with_digest, "acme/one:1")];
    for (reference, says) in allowed.map(|reference| (reference, reference)).into_iter().chain(pinned) {
        stage.dockerfile(&format!("FROM {reference}\n"));
        buildx(&stage, &kit, &program, &["app"]).success();
        assert_eq!(stage.which(), says, "{reference}");
    }
    for reference in ["acme/one:2", "acme/belowness/a:1"] {
        stage.dockerfile(&format!("FROM {reference}\n"));
        let denied = buildx(&stage, &kit, &program, &["app"]).exit(1);
        assert!(denied.stderr.contains("is not in images.lock"), "{reference}: {}", denied.stderr);
    }

    // Without denial, it pins what is locked and leaves the rest.
    stage.render(&format!("{BESIDE}deny = false\n"));
    stage.dockerfile("FROM acme/one:2\n");
    buildx(&stage, &kit, &program, &["app"]).success();
    assert_eq!(stage.which(), "acme/one:2");
}

#[test]
fn a_lock_without_images_denies_every_image() {
    let Some((registry, daemon, program)) = programs() else { return };
    let stage = Stage::new(&registry, &[], &format!("{BESIDE}output = \"build/source-policy.json\"\n"));
    let kit = BuildKit::start(&daemon, stage.registry.host());
    stage.push("acme/web:1", &image_that_says("web"));
    stage.dockerfile(&format!("FROM {}/acme/web:1\n", stage.registry.host()));
    let denied = buildx(&stage, &kit, &program, &["app"]).exit(1);
    assert!(denied.stderr.contains("is not in images.lock"), "{}", denied.stderr);
    let denied = kit.build(&stage.repo, "app", &POLICY).exit(1);
    assert!(denied.stderr.contains("denied by policy"), "{}", denied.stderr);
    // Only images are judged.
    stage.dockerfile("FROM scratch\nCOPY Dockerfile /which\n");
    buildx(&stage, &kit, &program, &["app"]).success();
    assert!(stage.which().contains("FROM scratch"));
}
