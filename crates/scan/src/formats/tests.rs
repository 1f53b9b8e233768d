use proptest::prelude::*;

use super::*;
use crate::{Lines, Says};

/// For every format: a file's name, a text, and its places as `LINE SURE TEXT (PLACE)`.
const CASES: &[(&str, &str, &str, &[&str])] = &[
    (
        "dockerfile",
        "web/Dockerfile",
        "ARG A=a:1 B=b\nFROM --platform=$P \"$A\" AS base\nFROM base\nFROM x:$V\nARG C=c:1\n# imagelock: web\nRUN --mount=from=r:1,target=/r true\nCOPY --from=0 /a /a\nCOPY --from=k:1 <<E /a\n# imagelock: no\nE\n",
        &[
            "1 Certain a:1 (ARG A)",
            "1 Default b (ARG B)",
            "4 open (FROM)",
            "5 Default c:1 (ARG C)",
            "7 Certain r:1 (RUN --mount)",
            "9 Certain k:1 (COPY --from)",
            "# web 6 alone",
        ],
    ),
    (
        "earthfile",
        "Earthfile",
        "VERSION 0.8\nARG --global A = a:1\nFROM $A # imagelock: web\nt:\n  FROM +t --X=x:1\n  FROM ${B}\n  WITH DOCKER --pull p:1\n  COPY --from=c d e\n  RUN docker run r:1 'no # imagelock: no'\n",
        &[
            "2 Certain a:1 (ARG A)",
            "5 Default x:1 (--X)",
            "6 open (FROM)",
            "7 Certain p:1 (WITH DOCKER --pull)",
            "8 Certain c (COPY --from)",
            "9 Possible r:1 ()",
            "# web 3",
        ],
    ),
    (
        "compose",
        "docker-compose.dev.yml",
        "services:\n  db:\n    image: &db 'a:1' # imagelock: web\n  copy: {image: *db}\n  own: {image: own:1, build: .}\n  v:\n    image: \"${V:-v:1}\"\n    volumes: [{type: image, source: i:1}, {type: image, source: db}, {type: bind, source: b:1}]\n  o: {image: \"x:$V\", command: '# imagelock: no'}\n",
        &[
            "3 Certain a:1 (services.copy.image)",
            "7 Certain v:1 (services.v.image)",
            "8 Certain i:1 (services.v.volumes)",
            "9 open (services.o.image)",
            "# web 3",
        ],
    ),
    (
        "hcl",
        "infra/main.pkr.hcl",
        "\u{feff}resource \"a\" \"b\" {\n  x = local.y[\"k\"]\n  o = { \"key\" = \"v:1\" } # imagelock: web\n  t = \"${z}\" // imagelock: db\n  c = \"# imagelock: no\"\n}\n",
        &["3 Possible v:1 ()", "4 open ()", "5 Possible # imagelock: no ()", "# web 3", "# db 4"],
    ),
    (
        "kubernetes",
        "deploy/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: n}\nspec:\n  containers:\n  - image: &i 'a:1' # imagelock: web\n    name: c\n  - image: *i\n  - image: b\n    args: ['# imagelock: no']\n",
        &["6 Certain a:1 (Pod n/p, container c)", "9 Certain b (Pod n/p)", "# web 6"],
    ),
    ("plain", "a.txt", "x=1\nA=\"a:1\" b # imagelock: web\n", &["2 Possible a:1 ()", "2 Possible b ()", "# web 2"]),
    (
        "plain",
        "a.txt",
        "f(\"run\", \"--i=a/b:1\", \"x c:2\") # imagelock: web\n",
        &["1 Possible run ()", "1 Possible a/b:1 ()", "1 Possible c:2 ()", "# web 1"],
    ),
    ("plain", "a.YAML.j2", "a: run x a:1 2 # imagelock: web\n", &["1 Possible a:1 ()", "# web 1"]),
    ("plain", "a.YAML.j2", "- A=1 # imagelock: web:tag\n", &["1 Possible 1 ()", "# web:tag 1"]),
    (
        "plain",
        "a.YAML.j2",
        "a: {b: x, c: y z, d: w} # imagelock: web:tag\n",
        &["1 Possible x ()", "1 Possible w ()", "# web:tag 1"],
    ),
    ("plain", "a.YAML.j2", "# imagelock: web:tag\nt: 1.9\n", &["2 Possible 1.9 ()", "# web:tag 1 alone"]),
];

fn told(format: &dyn Format, text: &str) -> Vec<String> {
    let parsed = format.read(text).unwrap();
    let sites = parsed.sites.iter().map(|site| match &site.says {
        Says::Whole { text, .. } => format!("{} {:?} {text} ({})", site.line, site.sure, site.place),
        Says::Parts { parts, .. } => format!("{} {:?} parts {} ({})", site.line, site.sure, parts.text(), site.place),
        Says::Open { .. } => format!("{} open ({})", site.line, site.place),
    });
    let comments = parsed.comments.iter().map(|comment| {
        format!("# {} {}{}", &text[comment.said.clone()], comment.line, if comment.alone { " alone" } else { "" })
    });
    sites.chain(comments).collect()
}

#[test]
fn every_format_claims_its_files_and_finds_its_places() {
    const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let page = std::fs::read_to_string(format!("{ROOT}/docs/places.md")).unwrap();
    for format in FORMATS {
        let id = format.id();
        let in_corpus = std::path::Path::new(&format!("{ROOT}/tests/corpus/{id}/findings.toml")).is_file();
        assert!(
            in_corpus || CASES.iter().any(|case| case.0 == id),
            "{id} has neither a case nor a folder in tests/corpus"
        );
        assert!(page.contains(&format!("\n| `{id}` |")), "{id} has no row in docs/places.md");
        let seed = std::fs::read_to_string(format!("{ROOT}/fuzz/seeds/files/{id}"));
        assert!(
            seed.is_ok_and(|seed| format.read(&seed).is_ok()),
            "{id} has no seed in fuzz/seeds/files that it reads"
        );
    }
    for (id, path, text, expected) in CASES {
        let format = FORMATS.iter().find(|format| format.claims(&Named::new(path), text)).unwrap();
        assert_eq!(format.id(), *id, "{path}");
        assert_eq!(told(*format, text), *expected, "{path}");
    }
}

#[test]
fn a_frontend_and_what_a_later_build_copies_are_places_of_a_dockerfile() {
    let text = "\u{feff}# syntax=docker/dockerfile:1 x\n# escape=`\nFROM a:1 AS s\nONBUILD COPY --from=b:1 / /\nONBUILD COPY --from=s / /\nONBUILD COPY --from=0 / /\nONBUILD RUN --mount=from=c:1,from=d/e id\nRUN --mount=from=0 <<E\n# imagelock: no\nE\nONBUILD RUN <<E\n# imagelock: no\nE\nONBUILD ARG X=f:1\nCOPY --from=$X / /\n";
    assert_eq!(
        told(&Dockerfile, text),
        [
            "1 Certain docker/dockerfile:1 (# syntax)",
            "3 Certain a:1 (FROM)",
            "4 Certain b:1 (ONBUILD COPY --from)",
            "5 Default s (ONBUILD COPY --from)",
            "7 Certain d/e (ONBUILD RUN --mount)",
            "8 Certain 0 (RUN --mount)",
            "14 Default f:1 (ONBUILD ARG X)",
            "15 open (COPY --from)",
        ]
    );
    // Behind another comment it is a comment.
    assert_eq!(told(&Dockerfile, "# c\n# syntax=x:1\nFROM scratch\n"), [""; 0]);
}

#[test]
fn dockerfiles_are_told_by_their_names() {
    for name in
        ["Dockerfile", "Dockerfile.dev", "web.Dockerfile", "web.dockerfile", "Containerfile", "Dockerfile-windows"]
    {
        assert!(Dockerfile.claims(&Named::new(name), &""), "{name}");
    }
    for name in [
        "Earthfile",
        "Dockerfile.dockerignore",
        "Dockerfile.rego",
        "dockerfile_parser.py",
        "NotADockerfile",
        "Dockerfiles",
    ] {
        assert!(!Dockerfile.claims(&Named::new(name), &""), "{name}");
    }
}

#[test]
fn a_default_that_only_looks_like_a_reference_names_no_image() {
    let named =
        |text: &str| Dockerfile.read(&format!("ARG X={text}\nFROM scratch\n")).unwrap().sites[0].names_an_image();
    for text in ["alpine:3.20", "ghcr.io/acme/web:1", "8080/web:1", "app:1", "localhost:5000/app:1"] {
        assert!(named(text), "{text}");
    }
    for text in ["alpine", "1:2.53.0-1ubuntu1", "8080:80", "1000:1000", "app:app"] {
        assert!(!named(text), "{text}");
    }
}

#[test]
fn a_template_of_helm_is_refused_where_its_braces_are() {
    let manifests = Manifests::default();
    for (text, at) in
        [("a: b\n  image: {{ .Values.image }}\n", 2), ("{{- if .x }}\na: b\n{{ end }}\n", 1), ("- {{ x }}\n", 1)]
    {
        let error = manifests.read(text).unwrap_err();
        assert_eq!((error.reason.as_str(), Lines::new(text).of(error.at.start)), ("it is a template", at), "{text}");
    }
    // In quotes, and in a text of several lines, it is text.
    assert!(manifests.read("a: \"{{ x }}\"\nb: |\n  {{ x }}\n").is_ok());
}

/// As many anchors as are said, each with what `link` makes of the one before.
fn chain(length: usize, link: impl Fn(usize) -> String) -> String {
    let links: Vec<String> = (1..=length).map(|index| format!("  a{index}: &a{index} {}\n", link(index - 1))).collect();
    links.concat()
}

#[test]
fn aliases_of_aliases_end_the_reading_and_not_the_program() {
    // Nothing looks into `metadata`, so only the last one is followed, to its end.
    let deep = chain(5_000, |index| format!("{{x: *a{index}}}"));
    let text = format!("apiVersion: v1\nkind: Pod\nmetadata:\n  a0: &a0 b\n{deep}spec: *a5000\n");
    assert!(Manifests::default().read(&text).is_err());
    let text = format!("x:\n  a0: &a0 b\n{deep}jobs: *a5000\n");
    assert_eq!(told(&BITBUCKET, &text), [""; 0]);
    // What merges itself twice is looked into once.
    let wide = chain(40, |index| format!("{{<<: [*a{index}, *a{index}]}}"));
    let text = format!("x:\n  a0: &a0 {{image: b:1}}\n{wide}jobs: {{j: {{container: *a40}}}}\n");
    assert_eq!(told(&GITHUB, &text), ["2 Certain b:1 (jobs.j.container.image)"]);
    assert_eq!(told(&Values, &format!("x:\n  a0: &a0 {{b: c}}\n{wide}image: {{<<: *a40, tag: x}}\n")), [""; 0]);
}

#[test]
fn brackets_that_do_not_fit_end_the_arguments_of_a_call() {
    for text in
        ["oci.pull(image = \"a:1\"]", "oci.pull(]", "oci.pull(x = {)", "oci.pull(((,", "oci.pull(image = \"a\", ]}"]
    {
        assert!(Bazel.read(text).is_ok(), "{text}");
    }
    assert!(Bazel.read(&"oci.pull(".repeat(50_000)).is_ok());
}

#[test]
fn what_yaml_cannot_hold_in_place_is_not_quoted() {
    let quote = |before: &str| Manifests::default().quote(before, "a:1@b").unwrap_or_default();
    assert_eq!(
        ["x", "'x'", "\"x\"", "|\n  x", ">-\r\n  x", "|\n  x\n  y", "*x"].map(quote),
        ["a:1@b", "'a:1@b'", "\"a:1@b\"", "|\n  a:1@b", ">-\r\n  a:1@b", "\"a:1@b\"", ""]
    );
    assert_eq!(Plain { words: Words::Yaml }.quote("1.9", "1.10").as_deref(), Some("\"1.10\""));
    assert_eq!(Plain { words: Words::Yaml }.quote("=1.9", "1.10").as_deref(), Some("=1.10"));
    assert_eq!(Plain { words: Words::Text }.quote("1.9", "1.10").as_deref(), Some("1.10"));
    assert_eq!(Plain { words: Words::Yaml }.quote("'1.9'", "1.10").as_deref(), Some("'1.10'"));
}

/// Lines that look like those of all formats, hostile ones among them.
fn text() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        3 => prop::sample::select(CASES.iter().flat_map(|case| case.2.split_inclusive('\n')).collect::<Vec<_>>())
            .prop_map(str::to_owned),
        1 => "[ -~é\t]{0,20}\r?\n",
        1 => "[ \\n\\t:{}\\[\\]&*'\"|>#a-c0-9@!%$<-]{0,20}",
    ];
    prop_oneof![
        1 => prop::collection::vec(line, 0..8).prop_map(|lines| lines.concat()),
        1 => prop::sample::select(CASES).prop_map(|case| case.2.to_owned()),
    ]
}

proptest! {
    #[test]
    fn places_are_in_order_apart_and_hold_what_they_say(text in text()) {
        for format in FORMATS {
            let Ok(parsed) = format.read(&text) else { continue };
            for pair in parsed.sites.windows(2) {
                prop_assert!(pair[0].span().end <= pair[1].span().start, "{} {pair:?}", format.id());
            }
            for site in &parsed.sites {
                let written = text.get(site.span().clone());
                prop_assert!(written.is_some(), "{} {site:?}", format.id());
                prop_assert_eq!(site.line, text[..site.span().start].matches('\n').count() + 1);
            }
            for comment in &parsed.comments {
                prop_assert!(text.get(comment.span.clone()).is_some() && text.get(comment.said.clone()).is_some());
            }
        }
    }

    /// Replacing the first place by a reference changes that place and no other.
    #[test]
    fn what_is_quoted_is_read_back(text in text(), index in 0..4_usize) {
        const NEW: &str = "ghcr.io/acme/web:1.10";
        for format in FORMATS {
            let Ok(before) = format.read(&text) else { continue };
            let Some(site) = before.sites.get(index).filter(|site| site.text().is_some() && site.reference().is_some()) else { continue };
            let Some(quoted) = format.quote(&text[site.span().clone()], NEW) else { continue };
            let mut edited = text.clone();
            edited.replace_range(site.span().clone(), &quoted);
            let after = format.read(&edited).map_err(|error| TestCaseError::fail(format!("{}: {error}\n{edited}", format.id())))?;
            let says = |parsed: &crate::Parsed| parsed.sites.iter().map(|site| site.text().map(str::to_owned)).collect::<Vec<_>>();
            let mut expected = says(&before);
            expected[index] = Some(NEW.to_owned());
            prop_assert_eq!(says(&after), expected, "{} {}", format.id(), edited);
        }
    }
}
