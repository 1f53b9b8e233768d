//! What the small adapters write, read by the tools that it is for.

#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use camino::Utf8Path;
use imagelock_adapter::{Adapter, MemoryTree};
use imagelock_compose::Compose;
use imagelock_edit::testing::{lock, only};
use imagelock_kustomize::Kustomize;
use imagelock_tests::{Monorepo, need};

const POD: &str = "apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  initContainers:
  - {name: a, image: nginx}
  containers:
  - {name: b, image: 'docker.io/library/nginx:1.25'}
  - {name: c, image: 'acme/node.js:1'}
  - {name: d, image: 'acme/node-js:1'}
";

fn rendered(adapter: &dyn Adapter, project: &str, tree: &MemoryTree) -> String {
    only(adapter, project, &lock(&[("web", "nginx:1.27", 'a'), ("node", "acme/node.js:1", 'b')]), tree).unwrap()
}

fn images_of_a_built_pod(program: &Utf8Path, arguments: &[&str]) -> Vec<String> {
    let component =
        rendered(&Kustomize, "[[kustomize]]\noutput = \"images/kustomization.yaml\"\n", &MemoryTree::default());
    let repo = Monorepo::builder()
        .file("images/kustomization.yaml", component)
        .file("base/kustomization.yaml", "resources: [pod.yaml]\ncomponents: [../images]\n")
        .file("base/pod.yaml", POD)
        .build();
    let built = repo.run(program, arguments).success();
    let lines = built.stdout.lines().map(|line| line.trim_start_matches([' ', '-']));
    lines.filter_map(|line| line.strip_prefix("image: ")).map(str::to_owned).collect()
}

fn as_the_lock_says() -> Vec<String> {
    let (web, node) = ("a".repeat(64), "b".repeat(64));
    vec![
        format!("docker.io/library/nginx@sha256:{web}"),
        format!("docker.io/acme/node.js@sha256:{node}"),
        "acme/node-js:1".to_owned(),
        format!("docker.io/library/nginx@sha256:{web}"),
    ]
}

#[test]
fn kustomize_sets_the_locked_digests_and_leaves_other_images() {
    let kustomize = need!("kustomize");
    assert_eq!(images_of_a_built_pod(&kustomize, &["build", "base"]), as_the_lock_says());
}

#[test]
fn kubectl_sets_the_locked_digests_and_leaves_other_images() {
    let kubectl = need!("kubectl");
    assert_eq!(images_of_a_built_pod(&kubectl, &["kustomize", "base"]), as_the_lock_says());
}

#[test]
fn compose_runs_the_locked_images() {
    let compose = need!("docker-compose");
    let file = "services:\n  web:\n    image: ${IMAGE:-nginx:1.27}\n  other:\n    image: redis:7\n";
    let project = "[[compose]]\nfile = \"compose.yaml\"\noutput = \"compose.images.yaml\"\n";
    let pins = rendered(&Compose, project, &MemoryTree::default().file("compose.yaml", file));
    let repo = Monorepo::builder().file("compose.yaml", file).file("compose.images.yaml", pins).build();
    let arguments = ["-f", "compose.yaml", "-f", "compose.images.yaml", "config", "--images"];
    let shown = repo.run(&compose, arguments).success().stdout;
    let mut images: Vec<&str> = shown.lines().collect();
    images.sort_unstable();
    assert_eq!(images, [format!("docker.io/library/nginx:1.27@sha256:{}", "a".repeat(64)).as_str(), "redis:7"]);
}
