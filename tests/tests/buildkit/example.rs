//! `examples/monorepo`: the Dockerfile that nobody touched builds from the lock.

use camino::Utf8Path;
use fs_err as fs;
use imagelock_testkit::{Image, Layer};
use imagelock_tests::{BUILT, BuildKit, Monorepo, RealRegistry, need};

use crate::stage::POLICY;

/// The registry that the example names.
const REGISTRY: &str = "registry.example.com";

/// Copies a folder of the example, with another registry in its files.
fn copy(from: &Utf8Path, repo: &Monorepo, to: &Utf8Path, registry: &str) {
    for entry in from.read_dir_utf8().unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        // What tools have left there is not the example's.
        if entry.file_name().starts_with("bazel-") || entry.file_name().starts_with(".terraform") {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            copy(entry.path(), repo, &to, registry);
        } else {
            repo.write(to, fs::read_to_string(entry.path()).unwrap().replace(REGISTRY, registry));
        }
    }
}

#[test]
fn the_example_s_dockerfile_builds_from_its_lock() {
    let registry = RealRegistry::new(&need!("docker-registry")).start();
    let kit = BuildKit::start(&need!("buildkitd", "buildctl", "runc"), registry.host());
    let image = |says: &str| Image::linux(["amd64", "arm64"]).layer(Layer::files([("which", says)]));
    for (repository, tag) in [("static", "latest"), ("redis", "8"), ("postgres", "16.9-alpine")] {
        image(repository).push_to(&registry.url(), &format!("acme/{repository}"), tag, None).unwrap();
    }
    let repo = Monorepo::builder().build();
    let example = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("examples/monorepo");
    copy(&example, &repo, Utf8Path::new(""), registry.host());
    fs::remove_file(repo.path("images.lock")).unwrap();
    repo.imagelock(["lock"]).success();
    // The files in the example are those of another registry.
    repo.imagelock(["render", "--force"]).success();
    image("moved").push_to(&registry.url(), "acme/static", "latest", None).unwrap();

    kit.build(&repo, "services/web", &POLICY).success();
    assert_eq!(repo.read(format!("{BUILT}/which")), "static");
    assert_eq!(repo.read(format!("{BUILT}/index.html")), repo.read("services/web/index.html"));

    // buildx finds the policy beside the Dockerfile; the bake file inherits the named contexts.
    let buildx = need!("buildx");
    repo.run(&buildx, ["create", "--use", "--driver", "remote", kit.address()]).success();
    let bake =
        ["bake", "-f", "docker-bake.hcl", "-f", "build/contexts.json", "--set", "web.output=type=local,dest=built"];
    for arguments in [&["build", "--output", "type=local,dest=built", "services/web"][..], &bake] {
        repo.write(format!("{BUILT}/which"), "nothing was built");
        repo.run(&buildx, arguments).success();
        assert_eq!(repo.read(format!("{BUILT}/which")), "static", "{arguments:?}");
    }
}
