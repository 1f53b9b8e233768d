//! The policy through buildx's variable, and the named contexts: in a bake file, on the command line, and in Buildah,
//! which has no policies.

use camino::Utf8Path;
use imagelock_tests::{BUILT, BuildKit, image_that_says, need};

use crate::rego::buildx;
use crate::stage::{Stage, TARGET};

const VARIABLE: &str = "EXPERIMENTAL_BUILDKIT_SOURCE_POLICY=build/source-policy.json";

const BAKE: &str = "target \"web\" {
  inherits = [\"_images\"]
  context  = \"app\"
  output   = [\"type=local,dest=built\"]
}
";

/// Runs a program with a variable set.
fn with_variable(stage: &Stage, program: &Utf8Path, arguments: &[&str]) -> imagelock_tests::Output {
    let mut all = vec![VARIABLE, program.as_str()];
    all.extend(arguments);
    stage.repo.run(Utf8Path::new("/usr/bin/env"), all)
}

#[test]
fn buildx_takes_the_policy_from_its_variable() {
    let stage = Stage::new(&need!("docker-registry"), &[("web", "acme/web:1")], TARGET);
    let kit = BuildKit::start(&need!("buildkitd", "buildctl", "runc"), stage.registry.host());
    let program = need!("buildx");
    stage.push("acme/web:1", &image_that_says("moved"));
    let host = stage.registry.host();
    stage.dockerfile(&format!("FROM {host}/acme/web:1\n"));
    stage.repo.write("docker-bake.hcl", BAKE.replace("  inherits = [\"_images\"]\n", ""));
    // Without the variable, the tag decides.
    buildx(&stage, &kit, &program, &["app"]).success();
    assert_eq!(stage.which(), "moved");
    for arguments in [&["build", "--output", "type=local,dest=built", "app"][..], &["bake", "web"]] {
        stage.repo.write(format!("{BUILT}/which"), "nothing was built");
        with_variable(&stage, &program, arguments).success();
        assert_eq!(stage.which(), "acme/web:1", "{arguments:?}");
    }
    stage.dockerfile(&format!("FROM {host}/acme/web:2\n"));
    for arguments in [&["build", "app"][..], &["bake", "web"]] {
        let denied = with_variable(&stage, &program, arguments).exit(1);
        let reason = format!("source \"docker-image://{host}/acme/web:2\" denied by policy");
        assert!(denied.stderr.contains(&reason), "{}", denied.stderr);
    }
}

#[test]
fn a_bake_file_inherits_the_named_contexts() {
    let target = Stage::target("contexts = \"build/contexts.json\"\n");
    let images = [("nginx", "library/nginx:latest"), ("db", "acme/db:16")];
    let mut stage = Stage::new(&need!("docker-registry"), &images, &target);
    let kit = BuildKit::start(&need!("buildkitd", "buildctl", "runc"), stage.registry.host());
    let program = need!("buildx");
    for (_, reference) in images {
        stage.push(reference, &image_that_says("moved"));
    }
    stage.name_docker_hub();
    stage.repo.write("docker-bake.hcl", BAKE);
    let files = ["-f", "docker-bake.hcl", "-f", "build/contexts.json"];
    let printed = stage.repo.run(&program, [&["bake", "--print"], &files[..], &["web"]].concat()).success();
    let printed: serde_json::Value = serde_json::from_str(&printed.stdout).unwrap();
    let digests = stage.digests();
    let expected = serde_json::json!({
        "nginx": format!("docker-image://docker.io/library/nginx:latest@{}", digests["nginx"]),
        "acme/db:16": format!("docker-image://docker.io/acme/db:16@{}", digests["db"]),
    });
    assert_eq!(printed["target"]["web"]["contexts"], expected);

    for (spelling, image) in [
        ("nginx", "library/nginx:latest"),
        ("nginx:latest", "library/nginx:latest"),
        ("docker.io/library/nginx:latest", "library/nginx:latest"),
        ("acme/db:16", "acme/db:16"),
        ("docker.io/acme/db:16", "acme/db:16"),
    ] {
        stage.dockerfile(&format!("FROM {spelling}\nCOPY --from={spelling} /which /copied\n"));
        // The builder is made by the first build.
        buildx(&stage, &kit, &program, &["app"]).success();
        assert_eq!(stage.which(), "moved", "{spelling}");
        stage.repo.run(&program, [&["bake", "--progress", "plain"], &files[..], &["web"]].concat()).success();
        assert_eq!([stage.which(), stage.repo.read("built/copied")], [image, image], "{spelling}");
    }
    // What no context names is not denied: the guide says so.
    stage.push("acme/other:1", &image_that_says("other"));
    stage.dockerfile("FROM acme/other:1\n");
    stage.repo.run(&program, [&["bake"], &files[..], &["web"]].concat()).success();
    assert_eq!(stage.which(), "other");
}

#[test]
fn buildah_builds_from_the_named_contexts() {
    let target = Stage::target("contexts = \"build/contexts.json\"\n");
    let stage = Stage::new(&need!("docker-registry"), &[("web", "acme/web:1")], &target);
    let buildah = need!("buildah");
    stage.push("acme/web:1", &image_that_says("moved"));
    let host = stage.registry.host();
    let contexts: serde_json::Value = serde_json::from_str(&stage.repo.read("build/contexts.json")).unwrap();
    let contexts = contexts["target"]["_images"]["contexts"].as_object().unwrap().iter();
    let contexts: Vec<String> =
        contexts.map(|(key, to)| format!("--build-context={key}={}", to.as_str().unwrap())).collect();
    stage.repo.write("policy.json", "{\"default\": [{\"type\": \"insecureAcceptAnything\"}]}\n");
    stage.repo.write("registries.conf", "unqualified-search-registries = [\"docker.io\"]\n");
    stage.dockerfile(&format!("FROM {host}/acme/web:1\nCOPY --from={host}/acme/web:1 /which /copied\n"));
    let build = |contexts: &[String]| {
        let mut arguments: Vec<&str> =
            "--root state --runroot run --storage-driver vfs --registries-conf registries.conf \
             build --signature-policy policy.json --tls-verify=false --isolation chroot --no-cache --tag built"
                .split_whitespace()
                .collect();
        arguments.extend(contexts.iter().map(String::as_str));
        arguments.push("app");
        stage.repo.run(&buildah, arguments).success();
        let state = ["--root", "state", "--runroot", "run", "--storage-driver", "vfs"];
        let name = stage
            .repo
            .run(
                &buildah,
                [&state[..], &["from", "--signature-policy", "policy.json", "--pull-never", "built"]].concat(),
            )
            .success();
        let folder = stage.repo.run(&buildah, [&state[..], &["mount", name.stdout.trim()]].concat()).success();
        ["which", "copied"].map(|file| std::fs::read_to_string(format!("{}/{file}", folder.stdout.trim())).unwrap())
    };
    assert_eq!(build(&contexts), ["acme/web:1", "acme/web:1"]);
    assert_eq!(build(&[]), ["moved", "moved"]);
}
