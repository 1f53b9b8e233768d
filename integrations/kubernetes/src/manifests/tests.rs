use imagelock_core::Lockfile;
use imagelock_edit::testing::{digest, lock, with_context};
use proptest::prelude::*;

use super::*;

/// The digests of the lock below.
const WEB: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
const DB: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

fn both() -> Lockfile {
    lock(&[("web", "ghcr.io/acme/web:1.10", '1'), ("db", "postgres:16.9-alpine", '2')])
}

/// What is found, with the lock of both images.
fn unpinned(text: &str, paths: &[crate::ManifestPath]) -> Result<Vec<Finding>, Unreadable> {
    with_context(&both(), |context| super::unpinned(text, context, paths))
}

fn rendered(manifests: &str) -> Edited {
    let manifests = SourceFile::new("standard input", manifests);
    with_context(&both(), |context| post_render(&manifests, context, &[]).unwrap())
}

const POD: &str = "---\n# Source: web/templates/pod.yaml\napiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  namespace: prod\n  annotations:\n    image: ghcr.io/acme/web\nspec:\n  initContainers:\n  - {name: wait, image: 'postgres:16.9-alpine'}\n  containers:\n    - name: web\n      image: \"ghcr.io/acme/web:1.10\" # the web\n    - image: 'docker.io/postgres:16.9-alpine'\n      name: db\n  ephemeralContainers:\n  - name: debug\n    image: ghcr.io/acme/web:1.10\n  volumes:\n  - name: files\n    image:\n      reference: ghcr.io/acme/web:1.10\n      pullPolicy: Always\n";

#[test]
fn every_place_of_a_pod_is_pinned_and_nothing_else_changes() {
    let text = rendered(POD).text;
    let expected = POD
        .replace("postgres:16.9-alpine", &format!("postgres:16.9-alpine@{DB}"))
        .replace("acme/web:1.10", &format!("acme/web:1.10@{WEB}"));
    assert_eq!(text, expected);
    assert_eq!(unpinned(&text, &[]), Ok(Vec::new()));
    assert_eq!(rendered(&text).text, text);
}

#[test]
fn what_was_pinned_and_what_stays_is_told_with_its_place() {
    let Edited { uses, kept, .. } = rendered(POD);
    let at: Vec<String> = uses.iter().filter_map(|used| used.at.as_ref().map(ToString::to_string)).collect();
    assert_eq!((at.len(), at[1].as_str(), uses[1].image.as_str(), kept.len()), (5, "standard input:15:14", "web", 0));
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - {name: c, image: redis:7}\n";
    let Edited { text, kept, .. } = rendered(pod);
    assert_eq!(text, pod);
    assert_eq!(kept[0].reason, "Pod p, container c: `redis:7` is not in images.lock");
}

#[test]
fn data_schemas_and_descriptions_are_no_images() {
    let text = "apiVersion: v1\nkind: ConfigMap\ndata:\n  image: redis\n---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {image: redis}\n---\napiVersion: v1\nkind: Pod\nmetadata:\n  labels: {image: redis}\nspec: {containers: []}\nstatus:\n  containerStatuses:\n  - image: redis\n---\n# nothing\n";
    assert_eq!(unpinned(text, &[]), Ok(Vec::new()));
}

#[test]
fn resources_of_operators_are_looked_into() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: x/v1\n  kind: Prometheus\n  metadata: {name: p}\n  spec:\n    image: redis:1\n    thanos: {baseImage: redis}\n    side: [{picture: redis}]\n";
    let paths = ["Prometheus:spec.thanos.baseImage".parse().unwrap(), "spec.side.picture".parse().unwrap()];
    let findings = unpinned(text, &paths).unwrap();
    let lines: Vec<usize> = findings.iter().map(|finding| finding.line).collect();
    assert_eq!(lines, [8, 9, 10]);
    assert_eq!(unpinned(text, &[]).unwrap().len(), 1);
    assert!("spec.side[0].picture".parse::<crate::ManifestPath>().is_err());
}

#[test]
fn each_way_of_not_being_pinned_has_its_reason() {
    let other = digest('f');
    for (image, reason) in [
        ("postgres:16.9-alpine".to_owned(), Some(Reason::NotPinned)),
        ("redis".to_owned(), Some(Reason::NotLocked)),
        (format!("postgres@{other}"), Some(Reason::OtherDigest)),
        ("{{ x }}".to_owned(), Some(Reason::NotAReference)),
        (format!("postgres:16.9-alpine@{DB}"), None),
        (format!("docker.io/library/postgres@{DB}"), None),
        (format!("mirror.example.com/any@{DB}"), Some(Reason::OtherRepository(vec!["db".parse().unwrap()]))),
        (
            format!("postgres:16.8-alpine@{DB}"),
            Some(Reason::OtherTag("db".parse().unwrap(), "16.9-alpine".parse().unwrap())),
        ),
    ] {
        let pod = format!("apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: '{image}'\n");
        let findings = unpinned(&pod, &[]).unwrap();
        assert_eq!(findings.first().map(|finding| finding.reason.clone()), reason, "{image}");
    }
}

#[test]
fn what_has_no_name_is_told_without_one() {
    let told = |text: &str| unpinned(text, &[]).unwrap().iter().map(ToString::to_string).collect::<Vec<_>>();
    for metadata in ["", "metadata: {name: ''}\n", "metadata: {namespace: '', name: ''}\n"] {
        let pod = format!("apiVersion: v1\nkind: Pod\n{metadata}spec:\n  image: 'a b'\n");
        assert_eq!(told(&pod), ["Pod: `a b`: it is not a reference"]);
    }
    assert_eq!(told("spec:\n  image: 'a b'\n"), ["`a b`: it is not a reference"]);
    assert_eq!(told("spec:\n  image: ''\n"), [""; 0]);
}

#[test]
fn what_stands_in_the_repositorys_place_is_the_same_image() {
    let pod = format!("apiVersion: v1\nkind: Pod\nspec: {{image: mirror.example.com/hub/library/postgres@{DB}}}\n");
    let mut rewrites = imagelock_adapter::Rewrites::default();
    let found = |rewrites: &imagelock_adapter::Rewrites| {
        with_context(&both(), |context| super::unpinned(&pod, &Context { rewrites, ..*context }, &[]).unwrap().len())
    };
    assert_eq!(found(&rewrites), 1);
    rewrites.insert("docker.io".parse().unwrap(), "mirror.example.com/hub".parse().unwrap());
    assert_eq!(found(&rewrites), 0);
}

#[test]
fn a_digest_in_a_label_is_told_with_its_line() {
    let pod = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  labels:\n    version: 1.0@{DB}\n  annotations: {{a: b@c}}\n\
         spec:\n  selector:\n    matchLabels: {{v: 'a@b'}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n"
    );
    let told: Vec<String> =
        unpinned(&pod, &[]).unwrap().iter().map(|found| format!("{}: {found}", found.line)).collect();
    assert_eq!(
        told[0],
        format!("6: Deployment web: `1.0@{DB}`: the label `version` takes no `@`, and Kubernetes refuses it")
    );
    assert_eq!(told[1], "10: Deployment web: `a@b`: the label `v` takes no `@`, and Kubernetes refuses it");
    assert_eq!(told.len(), 2);
}

#[test]
fn aliases_and_texts_of_several_lines_are_pinned() {
    let pod = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: &i postgres:16.9-alpine\n  - image: *i\n  - image: |\n      postgres:16.9-alpine\n    name: c\n  - image: >-\n      postgres:16.9-alpine\n";
    let text = rendered(pod).text;
    assert_eq!(text.matches(DB).count(), 3, "{text}");
    assert_eq!(unpinned(&text, &[]), Ok(Vec::new()));
}

/// What is said of a text, in which Kubernetes reads an image of `evil.example`.
fn caught(text: &str) -> bool {
    match attempt(text) {
        Ok(edited) => edited.kept.iter().any(|left| left.reason.contains("evil.example")),
        Err(_) => true,
    }
}

fn attempt(text: &str) -> Result<Edited, String> {
    let manifests = SourceFile::new("standard input", text);
    with_context(&both(), |context| post_render(&manifests, context, &[]).map_err(|error| error.to_string()))
}

#[test]
fn an_image_is_seen_however_its_keys_are_written() {
    for text in [
        "kind: Pod\nspec:\n  containers:\n  - !!str image: evil.example/x:1\n",
        "kind: Pod\nspec:\n  ! containers:\n  - image: evil.example/x:1\n",
        "kind: Pod\n!!str spec: !!map\n  containers: !!seq\n  - ! image: !!str evil.example/x:1\n",
        "kind: Pod\n# x\u{2028}spec: {containers: [{image: evil.example/x:1}]}\n",
        "kind: Pod\n# x\u{85}spec: {containers: [{image: evil.example/x:1}]}\n",
        "kind: Pod\n# x\u{2029}spec: {containers: [{image: evil.example/x:1}]}\n",
        "kind: Pod\r# x\rspec: {containers: [{image: evil.example/x:1}]}\r",
        "kind: Pod\nspec: {containers: [{\"im\\u0061ge\": evil.example/x:1}]}\n",
        "kind: Pod\nspec:\n  containers:\n  - ? image\n    : evil.example/x:1\n",
        "kind: Pod\nmetadata: {annotations: {k: &k image}}\nspec:\n  containers:\n  - *k : evil.example/x:1\n",
        "kind: Pod\nmetadata: {a: &c {image: evil.example/x:1}}\nspec:\n  containers:\n  - *c\n",
        "kind: Pod\nmetadata: {a: &c {image: evil.example/x:1}}\nspec:\n  containers:\n  - <<: *c\n    name: x\n",
        "kind: Pod\nmetadata: {a: &c {image: evil.example/x:1}}\nspec:\n  containers:\n  - <<: [{name: x}, *c]\n",
        "kind: Pod\nmetadata: {a: &c {reference: evil.example/x:1}}\nspec:\n  volumes:\n  - image: {<<: *c}\n",
        "kind: Pod\nspec:\n  &i evil.example/x: 1\n  containers:\n  - image: *i\n",
        "kind: Pod\nspec: {containers: [{image: postgres, image: evil.example/x:1}]}\n",
        "kind: Pod\nspec: {containers: [{image: evil.example/x:1, image: postgres}]}\n",
        "kind: ConfigMap\napiVersion: v1\nkind: Pod\nspec: {containers: [{image: evil.example/x:1}]}\n",
        "kind: Pod\napiVersion: v1\nkind: ConfigMap\nspec: {containers: [{image: evil.example/x:1}]}\n",
        "<<: {kind: Pod}\nkind: ConfigMap\napiVersion: v1\nspec: {containers: [{image: evil.example/x:1}]}\n",
        "apiVersion: v1\nkind: Pod\nspec: {apiVersion: v1, kind: ConfigMap, containers: [{image: evil.example/x:1}]}\n",
        "apiVersion: v1\nkind: X\ntemplate: {apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, spec: {containers: [{image: evil.example/x:1}]}}\n",
        "apiVersion: evil/v1\nkind: Secret\nspec: {image: evil.example/x:1}\n",
        "apiVersion: v1\nkind: ConfigMap\nitems:\n- {apiVersion: v1, kind: Pod, spec: {containers: [{image: evil.example/x:1}]}}\n",
        "apiVersion: v1\nkind: Secret\nitems:\n- {apiVersion: v1, kind: Pod, spec: {containers: [{image: evil.example/x:1}]}}\n",
        "apiVersion: v1\nkind: Pod\nspec: {containers: [{?image: evil.example/x:1}]}\n",
        "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: x,?image: evil.example/x:1}]}\n",
        "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: x?image: evil.example/x:1}]}\n",
        "apiVersion: v1\nkind: Pod\nspec: {containers: [?image: evil.example/x:1]}\n",
        "apiVersion: v1\nkind: Pod\nspec: {containers: [{?\"image\": evil.example/x:1}]}\n",
        "apiVersion: v1\nkind: ConfigMap\n---apiVersion: v1\nkind: Pod\nspec: {containers: [{image: evil.example/x:1}]}\n",
        "apiVersion: v1\nkind: ConfigMap\n--- # c\n{kind: Pod, spec: {containers: [{image: evil.example/x:1}]}}\n...\n",
        "kind: Pod\nspec: {containers: [{image: !!binary cG9zdGdyZXM6MTYuOS1hbHBpbmU=}, {image: evil.example/x:1}]}\n",
        "kind: Pod\nspec: {containers: [{!!binary aW1hZ2U=: evil.example/x:1}]}\n",
        "%TAG !e! tag:yaml.org,2002:\n---\nkind: Pod\nspec: {containers: [{!e!binary aW1hZ2U=: evil.example/x:1}]}\n",
        "{\"kind\":\"ConfigMap\"}{\"kind\":\"Pod\",\"spec\":{\"containers\":[{\"image\":\"evil.example/x:1\"}]}}\n",
    ] {
        assert!(caught(text), "{text}");
    }
}

#[test]
fn an_image_in_another_notation_is_no_reference() {
    let kept = rendered("kind: Pod\nspec: {containers: [{image: !!binary postgres}]}\n").kept;
    assert!(kept[0].reason.starts_with("`!!binary postgres` is not pinned: "), "{}", kept[0].reason);
}

#[test]
fn numbers_and_truth_values_are_no_images() {
    let text =
        "apiVersion: x/v1\nkind: Droplet\nmetadata: {name: p}\nspec: {image: 12345, a: {image: true}, b: {image: ~}}\n";
    assert_eq!(rendered(text), Edited { text: text.to_owned(), ..Edited::default() });
    for text in ["{image: '12345'}", "{image: !!str 12345}", "{image: yes}"] {
        assert_eq!(rendered(&format!("kind: Pod\nspec: {text}\n")).kept.len(), 1, "{text}");
    }
}

#[test]
fn aliases_that_do_not_end_are_refused() {
    let bomb = (1..30).fold("a0: &a0 [x]\n".to_owned(), |text, level| {
        text + &format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1)
    });
    for text in ["a: &a [*a]\n", "a: &a {b: *a}\n", "a: &a {<<: *a}\n", &bomb] {
        let error = attempt(text).unwrap_err();
        assert!(error.contains("its aliases repeat themselves"), "{error}");
    }
}

proptest! {
    #[test]
    fn no_text_stops_the_post_renderer(text in "[ \\n\\t:{}\\[\\]&*'\"|>#a-c0-9@!%-]{0,80}") {
        let lock = both();
        with_context(&lock, |context| drop(post_render(&SourceFile::new("x", text.as_str()), context, &[])));
        drop(unpinned(&text, &[]));
    }

    #[test]
    fn what_was_post_rendered_is_pinned(
        names in prop::collection::vec("[a-z]{1,5}", 1..6),
        quote in prop_oneof![Just(""), Just("'"), Just("\"")],
        indent in 0..4_usize,
    ) {
        let space = " ".repeat(indent);
        let containers: Vec<String> = names
            .iter()
            .map(|name| format!("  {space}- name: {name}\n  {space}  image: {quote}postgres:16.9-alpine{quote}\n"))
            .collect();
        let pods = format!("apiVersion: v1\nkind: Pod\nspec:\n  containers:\n{}", containers.concat());
        let text = rendered(&pods).text;
        prop_assert_eq!(text.matches(DB).count(), names.len());
        prop_assert_eq!(text.lines().count(), pods.lines().count());
        prop_assert_eq!(unpinned(&text, &[]), Ok(Vec::new()));
    }
}
