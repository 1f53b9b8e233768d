//! What each format says, and what is left of it, with the places.

mod rules;

use imagelock_core::source::SourceFile;

use super::*;

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

/// A line for each image and for each thing that was left; digests are a letter.
fn told(format: Format, texts: &[&str]) -> Vec<String> {
    let short = |text: String| text.replace(A, "A").replace(B, "B");
    let files: Vec<_> = texts
        .iter()
        .enumerate()
        .map(|(number, text)| {
            SourceFile::new(format!("{}", number + 1), text.replace("DIGEST-A", A).replace("DIGEST-B", B))
        })
        .collect();
    match read(format, &files) {
        Ok(Imported { declarations, left }) => {
            let images = declarations.into_iter().map(|Declaration { wanted, pin, at, .. }| {
                let pin = pin.map(|Pin { tag, digest }| {
                    let tag = tag.filter(|tag| !wanted.to_string().ends_with(&format!(":{tag}")));
                    format!(" = {}{digest}", tag.map(|tag| format!("{tag}@")).unwrap_or_default())
                });
                short(format!("{at} {wanted}{}", pin.unwrap_or_default()))
            });
            let left = left.into_iter().map(|Left { text, at }| short(format!("{at} left: {text}")));
            images.chain(left).collect()
        }
        Err(error) => vec![short(format!("{} error: {error}", error.at))],
    }
}

#[test]
fn docker_lock_has_names_tags_and_bare_digests() {
    let text = r#"{
	"dockerfiles": {
		"a/Dockerfile": [
			{"name": "alpine", "tag": "3.20", "digest": "DIGEST-A"},
			{"name": "scratch", "tag": "", "digest": ""},
			{"name": "ghcr.io/acme/web", "tag": "", "digest": "sha256:DIGEST-B"}
		],
		"b/Dockerfile": [{"name": "alpine", "tag": "3.20", "digest": "DIGEST-B"}]
	},
	"composefiles": {"docker-compose.yml": [{"name": "redis", "tag": "8", "digest": "", "service": "cache"}]},
	"kubernetesfiles": {"pod.yml": [
		{"name": "Redis", "tag": "8", "digest": "", "container": "c"},
		{"name": "redis", "tag": "9", "digest": "12", "container": "d"}
	]},
	"newfiles": {}
}"#;
    assert_eq!(
        told(Format::DockerLock, &[text]),
        [
            "1:4:13 docker.io/library/alpine:3.20 = sha256:A",
            "1:6:13 ghcr.io/acme/web@sha256:B",
            "1:10:51 docker.io/library/redis:8",
            "1:8:29 left: `docker.io/library/alpine:3.20` stands here with sha256:bbbbbbbbbbbb, and at 1:4:13 with \
             sha256:aaaaaaaaaaaa, which stays",
            "1:12:12 left: `Redis:8` is no reference: a repository is lower-case: did you mean `redis`?",
            "1:13:12 left: `redis:9` has the digest `12`: a sha256 digest has 64 hexadecimal digits, this one has 2",
            "1:15:2 left: `newfiles` is unknown",
        ]
    );
    assert_eq!(
        told(Format::DockerLock, &["{\n}"]),
        ["1:1:1 error: 1 is no docker-lock.json: it has none of `dockerfiles`, `composefiles`, `kubernetesfiles`"]
    );
    assert_eq!(told(Format::DockerLock, &["{,"]), ["1:1:2 error: 1 is no docker-lock.json: `,` is not expected here"]);
}

#[test]
fn kbld_tells_what_an_image_was_before_it_was_locked() {
    let config = "apiVersion: kbld.k14s.io/v1alpha1\nkind: Config\nminimumRequiredVersion: 0.31.0\nsources:\n- image: a\n\
                  overrides:\n- image: nginx:1.27\n  newImage: index.docker.io/library/nginx@sha256:DIGEST-A\n  preresolved: true\n\
                  - image: web\n  newImage: registry.example.com/acme/web@sha256:DIGEST-B\n  preresolved: true\n";
    assert_eq!(
        told(Format::Kbld, &[config]),
        [
            "1:8:13 docker.io/library/nginx:1.27 = sha256:A",
            "1:11:13 registry.example.com/acme/web@sha256:B",
            "1:4:1 left: `sources` is about how kbld builds and finds images",
        ]
    );
    let lock = "---\napiVersion: imgpkg.carvel.dev/v1alpha1\nkind: ImagesLock\nimages:\n- annotations:\n    kbld.carvel.dev/id: redis\n  \
                image: index.docker.io/library/redis@sha256:DIGEST-A\n- image: ghcr.io/acme/job:2@sha256:DIGEST-B\n";
    assert_eq!(
        told(Format::Kbld, &[lock]),
        ["1:7:10 docker.io/library/redis:latest = sha256:A", "1:8:10 ghcr.io/acme/job:2 = sha256:B"]
    );
    assert_eq!(
        told(Format::Kbld, &[&lock.replace("v1alpha1", "v1")]),
        [
            "1:2:13 error: 1 is no kbld lock: it is `imgpkg.carvel.dev/v1` `ImagesLock`, and `kbld.k14s.io/v1alpha1` `Config` and \
          `imgpkg.carvel.dev/v1alpha1` `ImagesLock` are read"
        ]
    );
    assert_eq!(told(Format::Kbld, &[""]), ["1:1:1 error: 1 is no kbld lock: it is empty"]);
}

/// What of the text each image and each thing that was left stands at.
fn places(format: Format, text: &str) -> Vec<String> {
    let file = SourceFile::new("1", text.replace("DIGEST-A", A));
    let Imported { declarations, left } = read(format, &[file]).unwrap();
    let all = declarations.into_iter().map(|image| image.at).chain(left.into_iter().map(|left| left.at));
    all.map(|at| at.file.text()[at.span].replace(A, "A")).collect()
}

#[test]
fn a_mistake_is_told_at_its_bytes() {
    for (format, text, place) in [
        (Format::DockerLock, "\n{\"x\": 1}", "{"),
        (Format::DockerLock, "\n{,", ","),
        (Format::Renovate, "\n[]", "["),
        (Format::Dagger, "# ours\n[[\"version\",\"3\"]]  \n", "[[\"version\",\"3\"]]"),
        (Format::Dagger, "[[\"version\",\"2\"]]\n# ours\n[\"é\", ?]\n", "?"),
        (Format::Kbld, "a: [\n", ""),
        (Format::Flux, "apiVersion: image.toolkit.fluxcd.io/v9\n", "image.toolkit.fluxcd.io/v9"),
    ] {
        let error = read(format, &[SourceFile::new("1", text)]).unwrap_err();
        let labels = error.labels();
        assert_eq!((labels.len(), labels[0].primary), (1, true));
        assert_eq!(&text[labels[0].at.span.clone()], place, "{error}");
    }
}

#[test]
fn what_is_taken_and_what_is_left_stands_at_its_bytes() {
    assert_eq!(
        places(Format::Dagger, "[[\"version\",\"2\"]]\n[\"\",\"oci-sha\",[\"redis\"],\"sha256:DIGEST-A\"]  \n[]\n"),
        ["[\"\",\"oci-sha\",[\"redis\"],\"sha256:A\"]", "[]"]
    );
    let rules = "{\"packageRules\": [\n  {\"matchDatasources\": [\"docker\"], \"versioning\": \"loose\"},\n  \
                 {\"allowedVersions\": \"1\"}, {\"matchDatasources\": [\"docker\"], \"matchPackageNames\": [\"a\"], \
                 \"allowedVersions\": \"1\", \"versioning\": \"x\"}]}";
    assert_eq!(places(Format::Renovate, rules), ["\"a\"", "{", "{", "\"x\""]);
}

#[test]
fn an_image_is_spelled_as_its_file_spells_it() {
    for (text, spelling) in [
        ("redis:8@sha256:DIGEST-A", "redis:8"),
        ("docker.io/redis:8", "docker.io/redis:8"),
        ("ghcr.io/acme/job@sha256:DIGEST-A", "ghcr.io/acme/job@sha256:DIGEST-A"),
    ] {
        let file = SourceFile::new("1", format!("services: {{a: {{image: '{text}'}}}}\n").replace("DIGEST-A", A));
        let found = read(Format::Compose, &[file]).unwrap();
        assert_eq!(found.declarations[0].spelling, spelling.replace("DIGEST-A", A));
    }
}

/// A policy of `web`, whose repository stands in another file.
fn flux(policy: &str) -> Vec<String> {
    let repository = "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImageRepository\nmetadata:\n  name: web\n  namespace: flux-system\n\
                      spec:\n  image: ghcr.io/acme/web\n";
    let policy = format!(
        "apiVersion: image.toolkit.fluxcd.io/v1beta2\nkind: ImagePolicy\nmetadata: {{name: web, namespace: flux-system}}\nspec:\n  \
         imageRepositoryRef: {{name: web}}\n{policy}"
    );
    told(Format::Flux, &[&policy, repository])
}

#[test]
fn flux_policies_become_rules_of_tags() {
    for (policy, expected) in [
        (
            "  policy: {semver: {range: 1.x}}\n",
            r"1:6:11 ghcr.io/acme/web version ~1, tags ^v?(?<version>\d+\.\d+\.\d+)$",
        ),
        (
            "  filterTags: {pattern: '^main-(?P<ts>\\d+)', extract: $ts}\n  policy: {numerical: {order: asc}}\n",
            r"1:7:11 ghcr.io/acme/web tags ^main-(?<order>\d+), select numeric",
        ),
        ("  policy: {alphabetical: {}}\n", "1:6:11 ghcr.io/acme/web tags ^(?<order>.*)$, select alphabetical"),
        (
            "  filterTags: {pattern: '', extract: ''}\n  policy: {alphabetical: {order: asc}}\n",
            "1:7:11 ghcr.io/acme/web tags ^(?<order>.*)$, select alphabetical",
        ),
        (
            "  filterTags: {pattern: '^v1', extract: ''}\n  policy: {numerical: {}}\n",
            "1:7:11 ghcr.io/acme/web tags ^(?<order>v1.*)$, select numeric",
        ),
        // A tag that the policy does not take any more is no answer.
        (
            "  policy: {semver: {range: '>=2.0'}}\nstatus:\n  latestRef: {name: x, tag: v1.2.3, digest: 'sha256:DIGEST-A'}\n",
            r"1:6:11 ghcr.io/acme/web version >=2.0, tags ^v?(?<version>\d+\.\d+\.\d+)$",
        ),
        (
            "  policy: {semver: {range: '>=1.0'}}\nstatus:\n  latestRef: {name: x, tag: v1.2.3, digest: 'sha256:DIGEST-A'}\n",
            r"1:6:11 ghcr.io/acme/web version >=1.0, tags ^v?(?<version>\d+\.\d+\.\d+)$ = v1.2.3@sha256:A",
        ),
    ] {
        assert_eq!(flux(policy), [expected]);
    }
}

#[test]
fn flux_policies_without_a_counterpart_are_left() {
    for (policy, why) in [
        (
            "  policy: {numerical: {order: desc}}\n",
            "1:6:11 left: policy `web`: `numerical` takes the lowest, and `select` takes the highest",
        ),
        (
            "  filterTags: {pattern: '^v(.*)$', extract: '$2'}\n  policy: {alphabetical: {}}\n",
            "1:7:11 left: policy `web`: `extract` is `$2`, and one group of `^v(.*)$` can be compared",
        ),
        (
            "  filterTags: {pattern: '^a|b$'}\n  policy: {alphabetical: {}}\n",
            "1:7:11 left: policy `web`: `^a|b$` has alternatives with anchors",
        ),
        ("  policy: {}\n", "1:6:11 left: policy `web`: it has neither `semver`, `alphabetical` nor `numerical`"),
        (
            "  policy: {semver: {range: '>=1.0.0-0'}}\n",
            "1:6:11 left: policy `web`: `>=1.0.0-0` admits pre-releases, which Cargo's grammar does for one version at a time",
        ),
    ] {
        assert_eq!(flux(policy), [why]);
    }
    let alone = "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImageRepository\nmetadata: {name: web}\nspec: {image: acme/web}\n";
    assert_eq!(told(Format::Flux, &[alone]), ["1:4:15 left: no `ImagePolicy` takes a tag of `web`"]);
    let other = alone.replace("Repository", "Policy");
    assert_eq!(told(Format::Flux, &[&other]), ["1:1:1 left: policy `web`: no file has its `ImageRepository` ``"]);
    assert_eq!(
        told(Format::Flux, &[&alone.replace("/v1", "/v2")]),
        ["1:1:13 error: 1 is no Flux image policy: its version is `v2`, and v1beta1, v1beta2, v1 are read"]
    );
    let automation = alone.replace("ImageRepository", "ImageUpdateAutomation");
    let listed = alone.replace("image: acme/web", "image: acme/web, exclusionList: [x]");
    assert_eq!(
        told(Format::Flux, &[&automation, &listed]),
        [
            "1:1:1 left: `ImageUpdateAutomation`: what moves pins here is `update`, in a job of yours",
            "2:4:15 left: no `ImagePolicy` takes a tag of `web`",
            "2:4:40 left: `exclusionList`: let `tags` leave out what it names",
        ]
    );
    let wrong = alone.replace("acme/web", "Acme/web");
    assert_eq!(
        told(Format::Flux, &[&wrong]),
        ["1:4:15 left: `Acme/web` is no repository: a repository is lower-case: did you mean `acme/web`?"]
    );
    assert_eq!(
        told(Format::Flux, &["kind: x\n"]),
        ["1:1:1 error: 1 is no Flux image policy: no file has an `ImageRepository` or an `ImagePolicy`"]
    );
}

#[test]
fn daggers_lines_are_read_in_both_versions() {
    let first = "[[\"version\",\"1\"]]\n[\"\",\"container.from\",[\"alpine:3.20\",\"linux/amd64\"],\"sha256:DIGEST-A\",\"pin\"]\n\
                 [\"\",\"git.branch\",[\"https://example.com\",\"main\"],\"495a\",\"float\"]\n";
    assert_eq!(
        told(Format::Dagger, &[first]),
        ["1:2:1 docker.io/library/alpine:3.20 = sha256:A", "1:3:1 left: `git.branch` is not about an image"]
    );
    let second = "# Generated.\n[[\"version\",\"2\"]]\n[\"\",\"oci-latest\",[\"docker.io/library/node\"],\"22.1\"]\n\
                  [\"\",\"oci-sha\",[\"docker.io/library/node:22.1\"],\"sha256:DIGEST-A\"]\n[\"\",\"oci-sha\",[\"redis:8\"],\"sha256:DIGEST-B\"]\n\
                  [\"\",\"oci-sha\",[\"redis:8\"],\"x\"]\n[]\n";
    assert_eq!(
        told(Format::Dagger, &[second]),
        [
            "1:3:1 docker.io/library/node version * = 22.1@sha256:A",
            "1:5:1 docker.io/library/redis:8 = sha256:B",
            "1:6:1 left: `redis:8` is locked to `x`: a digest starts with `sha256:` or `sha512:`",
            "1:7:1 left: this is no entry",
        ]
    );
    let untagged = "[[\"version\",\"2\"]]\n[\"\",\"oci-sha\",[\"redis\"],\"sha256:DIGEST-A\"]\n\
                    [\"\",\"oci-sha\",[\"job@sha256:DIGEST-B\"],\"sha256:DIGEST-B\"]\n[\"\",\"oci-latest\",[\"node\"],\"22\"]\n\
                    [\"\",\"oci-latest\",[\"Node\"],\"22\"]\n";
    assert_eq!(
        told(Format::Dagger, &[untagged]),
        [
            "1:2:1 docker.io/library/redis:latest = sha256:A",
            "1:3:1 docker.io/library/job@sha256:B",
            "1:4:1 docker.io/library/node version *",
            "1:5:1 left: `Node` is no repository, or `22` no tag of it",
        ]
    );
    assert_eq!(
        told(Format::Dagger, &["[[\"version\",\"3\"]]\n"]),
        ["1:1:1 error: 1 is no dagger.lock: its version is `3`, and 1 and 2 are read"]
    );
    assert_eq!(told(Format::Dagger, &["\n"]), ["1:1:1 error: 1 is no dagger.lock: it has no version"]);
    assert_eq!(
        told(Format::Dagger, &["[]\n"]),
        ["1:1:1 error: 1 is no dagger.lock: its first line is not `[[\"version\",\"…\"]]`"]
    );
}

#[test]
fn compose_files_follow_tags_and_keep_digests() {
    let text = "x-base: &base\n  image: redis:8@sha256:DIGEST-A\ninclude: [other.yaml]\nservices:\n  cache: *base\n  worker:\n    <<: *base\n  \
                web:\n    image: acme/web\n    build: .\n  db:\n    image: \"postgres:${PG:-16}\"\n  job:\n    image: ghcr.io/acme/job@sha256:DIGEST-B\n  \
                old:\n    extends: {file: old.yaml, service: old}\n  none:\n    image: ~\n";
    assert_eq!(
        told(Format::Compose, &[text]),
        [
            "1:2:10 docker.io/library/redis:8 = sha256:A",
            "1:14:12 ghcr.io/acme/job@sha256:B",
            "1:3:10 left: `include`: import the included files as well",
            "1:8:3 left: `acme/web` is built here: name it in `built`",
            "1:12:12 left: a variable decides about `postgres:${PG:-16}`",
            "1:16:21 left: `old` extends another file: import it as well",
        ]
    );
    assert_eq!(
        told(Format::Compose, &["web:\n  image: a\n"]),
        ["1:1:1 error: 1 is no Compose file: it has no `services`"]
    );
    let several = "x-a: &a {build: .}\nx-b: &b {image: acme/b}\nservices:\n  b:\n    <<: [*b, *a]\n";
    assert_eq!(told(Format::Compose, &[several]), ["1:4:3 left: `acme/b` is built here: name it in `built`"]);
    let cycle = "services:\n  a: &a {x: 1, <<: *a}\n  b: &b [*b]\n";
    assert!(told(Format::Compose, &[cycle]).len() < 2, "a cycle ends");
    // Sixteen mappings, each of which merges the one before ten times.
    let again = |number: u32| {
        let before = format!("*a{}, ", number - 1).repeat(10);
        format!("x-{number}: &a{number}\n  <<: [{before}]\n")
    };
    let many: String = (1..=16).map(again).collect();
    let many = format!("x-0: &a0\n  k: 1\n{many}services:\n  a: *a16\n");
    assert_eq!(told(Format::Compose, &[&many]), [""; 0], "there are not ten times as many for each");
}
