//! The ways to write a reference, and what BuildKit makes of them.

use imagelock_testkit::Image;
use imagelock_tests::{BuildKit, image_that_says, need};

use crate::asked_for_the_tag;
use crate::stage::{POLICY, Stage, TARGET};

#[test]
fn every_spelling_of_a_reference_is_pinned() {
    let images = [("nginx", "library/nginx:latest"), ("db", "acme/db:16")];
    let mut stage = Stage::new(&need!("docker-registry"), &images, TARGET);
    let kit = BuildKit::start(&need!("buildkitd", "buildctl", "runc"), stage.registry.host());
    for (_, reference) in images {
        stage.push(reference, &image_that_says("moved"));
    }
    stage.name_docker_hub();
    let (nginx, db) = (stage.digest("nginx"), stage.digest("db"));
    let before = asked_for_the_tag(&stage, "library/nginx");
    for (spelling, image) in [
        ("nginx".to_owned(), "library/nginx:latest"),
        ("nginx:latest".to_owned(), "library/nginx:latest"),
        ("docker.io/nginx".to_owned(), "library/nginx:latest"),
        ("docker.io/library/nginx".to_owned(), "library/nginx:latest"),
        ("docker.io/library/nginx:latest".to_owned(), "library/nginx:latest"),
        ("index.docker.io/library/nginx".to_owned(), "library/nginx:latest"),
        // With a digest of its own, which the lock has.
        (format!("nginx@{nginx}"), "library/nginx:latest"),
        (format!("nginx:latest@{nginx}"), "library/nginx:latest"),
        (format!("docker.io/library/nginx:latest@{nginx}"), "library/nginx:latest"),
        ("acme/db:16".to_owned(), "acme/db:16"),
        ("docker.io/acme/db:16".to_owned(), "acme/db:16"),
        (format!("acme/db@{db}"), "acme/db:16"),
    ] {
        stage.dockerfile(&format!("FROM {spelling}\n"));
        kit.build(&stage.repo, "app", &POLICY).success();
        assert_eq!(stage.which(), image, "{spelling}");
    }
    assert_eq!(asked_for_the_tag(&stage, "library/nginx"), before, "nobody asks where a tag points");
}

#[test]
fn what_the_lock_has_not_is_denied_in_every_spelling() {
    let mut stage = Stage::new(&need!("docker-registry"), &[("nginx", "library/nginx:latest")], TARGET);
    let kit = BuildKit::start(&need!("buildkitd", "buildctl", "runc"), stage.registry.host());
    let moved = image_that_says("moved");
    for reference in ["library/nginx:latest", "library/nginx:1", "library/nginxx:latest", "acme/nginx:latest"] {
        stage.push(reference, &moved);
    }
    stage.name_docker_hub();
    let (locked, moved) = (stage.digest("nginx"), moved.digest());
    for spelling in [
        "nginx:1".to_owned(),
        format!("nginx@{moved}"),
        // A locked tag does not excuse another digest.
        format!("nginx:latest@{moved}"),
        // Nor a locked digest another tag.
        format!("nginx:1@{locked}"),
        "nginxx".to_owned(),
        "acme/nginx".to_owned(),
        format!("{}/library/nginx", stage.registry.host()),
        // Nor does a locked digest excuse another repository.
        format!("acme/nginx@{locked}"),
    ] {
        stage.dockerfile(&format!("FROM {spelling}\n"));
        let denied = kit.build(&stage.repo, "app", &POLICY).exit(1);
        assert!(denied.stderr.contains("denied by policy"), "{spelling}: {}", denied.stderr);
        assert!(denied.stderr.contains(&format!(">>> FROM {spelling}")), "{spelling}: {}", denied.stderr);
    }
}

#[test]
fn an_alias_and_a_registry_that_stands_in_give_the_locked_image() {
    let target = Stage::target("aliases = { \"acme/old:9\" = \"web\" }\n");
    let mut stage = Stage::new(&need!("docker-registry"), &[("web", "acme/web:1")], &target);
    let kit = BuildKit::start(&need!("buildkitd", "buildctl", "runc"), stage.registry.host());
    stage.push("acme/web:1", &image_that_says("moved"));
    stage.push("acme/old:9", &image_that_says("old"));
    stage.name_docker_hub();
    stage.dockerfile("FROM acme/old:9\n");
    kit.build(&stage.repo, "app", &POLICY).success();
    assert_eq!(stage.which(), "acme/web:1");

    // What is written has the loopback registry in Docker Hub's place; Dockerfiles may name either.
    let host = stage.registry.host();
    let toml = stage.repo.read("images.toml");
    stage.repo.write("images.toml", format!("{toml}\n[registries.\"docker.io\"]\nrewrite = \"{host}\"\n"));
    stage.repo.imagelock(["render"]).success();
    let digest = stage.digest("web");
    for spelling in [
        "acme/web:1".to_owned(),
        format!("acme/web@{digest}"),
        format!("acme/web:1@{digest}"),
        format!("{host}/acme/web:1"),
        format!("{host}/acme/web@{digest}"),
    ] {
        stage.dockerfile(&format!("FROM {spelling}\n"));
        let built = kit.build(&stage.repo, "app", &POLICY).success();
        assert_eq!(stage.which(), "acme/web:1", "{spelling}");
        assert!(built.stderr.contains(&format!("FROM {host}/acme/web")), "{spelling}: {}", built.stderr);
    }
}

#[test]
fn what_is_allowed_is_used_as_it_is() {
    let target = Stage::target("allow = [\"acme/tool\", \"acme/one:1\", \"acme/below/*\"]\n");
    let mut stage = Stage::new(&need!("docker-registry"), &[("web", "acme/web:1")], &target);
    let kit = BuildKit::start(&need!("buildkitd", "buildctl", "runc"), stage.registry.host());
    stage.name_docker_hub();
    let image = |reference: &str| -> Image { image_that_says(reference) };
    let digest = image("acme/tool:2").digest().to_owned();
    let allowed = ["acme/tool:2", "acme/one:1", "acme/below/a:1", "acme/below/a/b:1"];
    for reference in allowed.iter().chain(&["acme/one:2", "acme/belowness/a:1"]) {
        stage.push(reference, &image(reference));
    }
    let with_digest = format!("acme/tool@{digest}");
    for reference in allowed.iter().copied().chain([with_digest.as_str()]) {
        stage.dockerfile(&format!("FROM {reference}\n"));
        kit.build(&stage.repo, "app", &POLICY).success();
        let says = if reference == with_digest { "acme/tool:2" } else { reference };
        assert_eq!(stage.which(), says);
    }
    for reference in ["acme/one:2", "acme/belowness/a:1"] {
        stage.dockerfile(&format!("FROM {reference}\n"));
        let denied = kit.build(&stage.repo, "app", &POLICY).exit(1);
        assert!(denied.stderr.contains("denied by policy"), "{reference}: {}", denied.stderr);
    }
}
