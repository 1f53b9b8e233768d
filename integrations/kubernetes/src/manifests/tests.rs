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

fn rendered(manifests: &str, options: &PostRender) -> Result<PostRendered, ManifestError> {
    let lock = both();
    with_context(&lock, |context| post_render(manifests, &context.images(None).unwrap(), options))
}

fn strict() -> PostRender {
    PostRender { strict: true, paths: Vec::new() }
}

const POD: &str = "---\n# Source: web/templates/pod.yaml\napiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  namespace: prod\n  annotations:\n    image: ghcr.io/acme/web\nspec:\n  initContainers:\n  - {name: wait, image: postgres}\n  containers:\n    - name: web\n      image: \"ghcr.io/acme/web:1.10\" # the web\n    - image: 'docker.io/postgres:16.9-alpine'\n      name: db\n  ephemeralContainers:\n  - name: debug\n    image: ghcr.io/acme/web\n  volumes:\n  - name: files\n    image:\n      reference: ghcr.io/acme/web:1.10\n      pullPolicy: Always\n";

#[test]
fn every_place_of_a_pod_is_pinned_and_nothing_else_changes() {
    let text = rendered(POD, &strict()).unwrap().text;
    let db = format!("docker.io/library/postgres:16.9-alpine@{DB}");
    let web = format!("ghcr.io/acme/web:1.10@{WEB}");
    let expected = POD
        .replace("image: postgres}", &format!("image: {db}}}"))
        .replace("\"ghcr.io/acme/web:1.10\"", &format!("\"{web}\""))
        .replace("'docker.io/postgres:16.9-alpine'", &format!("'{db}'"))
        .replace("    image: ghcr.io/acme/web\n  volumes", &format!("    image: {web}\n  volumes"))
        .replace("reference: ghcr.io/acme/web:1.10", &format!("reference: {web}"));
    assert_eq!(text, expected);
    assert_eq!(unpinned(&text, &both(), &[]), Ok(Vec::new()));
    assert_eq!(rendered(&text, &strict()).unwrap().text, text);
}

#[test]
fn what_was_replaced_is_told_with_its_place() {
    let replaced = rendered(POD, &strict()).unwrap().replaced;
    assert_eq!(replaced.len(), 5);
    assert_eq!(replaced[1].place.to_string(), "Pod prod/web, container web");
    assert_eq!((replaced[1].place.line, replaced[1].from.as_str()), (15, "ghcr.io/acme/web:1.10"));
}

#[test]
fn an_unknown_image_stays_and_fails_where_that_is_asked_for() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - {name: c, image: redis:7}\n";
    assert_eq!(rendered(pod, &PostRender::default()).unwrap().text, pod);
    let error = rendered(pod, &strict()).unwrap_err();
    assert_eq!(error.to_string(), "images.lock does not know `redis:7` (Pod p, container c)");
}

#[test]
fn two_locked_tags_of_a_repository_are_told_apart() {
    let lock = lock(&[("old", "postgres:15", '3'), ("new", "postgres:16", '4')]);
    let of = |image: &str| {
        let pod = format!("kind: Pod\napiVersion: v1\nspec: {{containers: [{{name: c, image: '{image}'}}]}}\n");
        with_context(&lock, |context| {
            post_render(&pod, &context.images(None).unwrap(), &strict())
                .map(|rendered| rendered.replaced[0].to.digest.clone())
        })
    };
    assert_eq!(of("postgres:15"), Ok(Some(digest('3'))));
    assert_eq!(of("library/postgres:16"), Ok(Some(digest('4'))));
    assert!(of("postgres:14").is_err());
    assert!(of("postgres").is_err());
}

#[test]
fn a_locked_image_replaces_the_tag_that_a_chart_was_written_with() {
    let pod = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: postgres:15\n";
    assert!(rendered(pod, &strict()).unwrap().text.contains(&format!("postgres:16.9-alpine@{DB}")));
}

#[test]
fn the_registry_that_stands_in_another_s_place_is_known_and_written() {
    let lock = both();
    let (name, image) = lock.images.iter().next().unwrap();
    let repository: imagelock_core::Reference = "mirror.example.com/hub/library/postgres".parse().unwrap();
    let pinned = [Pinned { name, image, repository: repository.repository }];
    for from in ["postgres:16.9-alpine", "mirror.example.com/hub/library/postgres:1"] {
        let pod = format!("apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: {from}\n");
        let text = post_render(&pod, &pinned, &strict()).unwrap().text;
        assert!(text.contains("image: mirror.example.com/hub/library/postgres:16.9-alpine@sha256:2"), "{text}");
        assert_eq!(unpinned(&text, &lock, &[]), Ok(Vec::new()));
    }
}

#[test]
fn data_schemas_and_descriptions_are_no_images() {
    let text = "apiVersion: v1\nkind: ConfigMap\ndata:\n  image: redis\n---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {image: redis}\n---\napiVersion: v1\nkind: Pod\nmetadata:\n  labels: {image: redis}\nspec: {containers: []}\nstatus:\n  containerStatuses:\n  - image: redis\n---\n# nothing\n";
    assert_eq!(unpinned(text, &both(), &[]), Ok(Vec::new()));
}

#[test]
fn resources_of_operators_are_looked_into() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: x/v1\n  kind: Prometheus\n  metadata: {name: p}\n  spec:\n    image: redis:1\n    thanos: {baseImage: redis}\n    side: [{picture: redis}]\n";
    let paths = ["Prometheus:spec.thanos.baseImage".parse().unwrap(), "spec.side.picture".parse().unwrap()];
    let findings = unpinned(text, &both(), &paths).unwrap();
    let lines: Vec<usize> = findings.iter().map(|finding| finding.place.line).collect();
    assert_eq!(lines, [8, 9, 10]);
    assert_eq!(unpinned(text, &both(), &[]).unwrap().len(), 1);
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
        (format!("mirror.example.com/any@{DB}"), None),
    ] {
        let pod = format!("apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: '{image}'\n");
        let findings = unpinned(&pod, &both(), &[]).unwrap();
        assert_eq!(findings.first().map(|finding| finding.reason.clone()), reason, "{image}");
    }
}

#[test]
fn aliases_and_texts_of_several_lines_are_pinned() {
    let pod = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: &i postgres\n  - image: *i\n  - image: |\n      postgres\n    name: c\n  - image: >-\n      postgres\n";
    let text = rendered(pod, &strict()).unwrap().text;
    assert_eq!(text.matches(DB).count(), 4, "{text}");
    assert_eq!(unpinned(&text, &both(), &[]), Ok(Vec::new()));
}

#[test]
fn what_is_not_yaml_is_shown_by_its_line() {
    let error = rendered("a: 1\nb: [\n", &strict()).unwrap_err();
    assert!(
        error.to_string().starts_with("line 2 of the manifests is not YAML") || error.to_string().starts_with("line 3"),
        "{error}"
    );
}

/// What `strict` says of a text, in which Kubernetes reads an image of `evil.example`.
fn caught(text: &str) -> bool {
    match rendered(text, &strict()) {
        Err(ManifestError::Unknown(findings)) => findings.iter().any(|finding| finding.image.contains("evil.example")),
        Err(ManifestError::NotYaml { .. } | ManifestError::NotReadBack { .. }) => true,
        Ok(_) => false,
    }
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
    let error = rendered("kind: Pod\nspec: {containers: [{image: !!binary postgres}]}\n", &strict()).unwrap_err();
    assert!(matches!(&error, ManifestError::Unknown(found) if found[0].reason == Reason::NotAReference), "{error}");
}

#[test]
fn numbers_and_truth_values_are_no_images() {
    let text =
        "apiVersion: x/v1\nkind: Droplet\nmetadata: {name: p}\nspec: {image: 12345, a: {image: true}, b: {image: ~}}\n";
    assert_eq!(rendered(text, &strict()).unwrap().text, text);
    for text in ["{image: '12345'}", "{image: !!str 12345}", "{image: yes}"] {
        assert!(rendered(&format!("kind: Pod\nspec: {text}\n"), &strict()).is_err(), "{text}");
    }
}

#[test]
fn aliases_that_do_not_end_are_refused() {
    let bomb = (1..30).fold("a0: &a0 [x]\n".to_owned(), |text, level| {
        text + &format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1)
    });
    for text in ["a: &a [*a]\n", "a: &a {b: *a}\n", "a: &a {<<: *a}\n", &bomb] {
        let error = rendered(text, &strict()).unwrap_err();
        assert!(error.to_string().contains("its aliases repeat themselves"), "{error}");
    }
}

proptest! {
    #[test]
    fn no_text_stops_the_post_renderer(text in "[ \\n\\t:{}\\[\\]&*'\"|>#a-c0-9@!%-]{0,80}") {
        let lock = both();
        with_context(&lock, |context| {
            let images = context.images(None).unwrap();
            drop(post_render(&text, &images, &PostRender::default()));
            drop(unpinned(&text, &lock, &[]));
        });
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
            .map(|name| format!("  {space}- name: {name}\n  {space}  image: {quote}postgres:{name}{quote}\n"))
            .collect();
        let pods = format!("apiVersion: v1\nkind: Pod\nspec:\n  containers:\n{}", containers.concat());
        let lock = both();
        let text = with_context(&lock, |context| {
            post_render(&pods, &context.images(None).unwrap(), &PostRender { strict: true, paths: Vec::new() })
        }).unwrap().text;
        prop_assert_eq!(text.matches(DB).count(), names.len());
        prop_assert_eq!(text.lines().count(), pods.lines().count());
        prop_assert_eq!(unpinned(&text, &lock, &[]), Ok(Vec::new()));
    }
}
