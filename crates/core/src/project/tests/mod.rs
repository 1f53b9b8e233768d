//! What a project file means, and what is said of one that is wrong.

mod images;
mod manifests;
mod snapshots;
mod tables;
mod trusting;
mod updating;
mod values;

use proptest::prelude::*;

use super::*;
use crate::arbitrary;

use crate::source::render;

const ADAPTERS: &[&str] = &["helm", "earthly"];

fn images_toml(text: &str) -> Source {
    Source::ImagesToml(SourceFile::new("images.toml", text))
}

fn workspace(text: &str) -> Source {
    Source::WorkspaceManifest(SourceFile::new("Cargo.toml", text))
}

fn package(text: &str) -> Source {
    Source::PackageManifest(SourceFile::new("web/Cargo.toml", text))
}

/// Compares everything that is said of an `images.toml`: the message, each place as `path:line:column` with the text
/// that is underlined and what stands at it, and the help.
#[track_caller]
fn check(text: &str, expected: &str) {
    check_all(&[images_toml(text)], expected);
}

#[track_caller]
fn check_all(sources: &[Source], expected: &str) {
    let errors = Project::parse(sources, ADAPTERS).expect_err("this is wrong");
    let said: String = errors.iter().map(render).collect();
    assert_eq!(said.trim(), expected.trim());
}

#[track_caller]
fn read(text: &str) -> Project {
    Project::parse(&[images_toml(text)], ADAPTERS).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

/// The requests as the lock would write them.
#[track_caller]
fn requests(text: &str) -> Vec<String> {
    let project = read(text);
    let json = |declared: &Declared| serde_json::to_string(&declared.request).unwrap();
    project.images.iter().map(|(name, declared)| format!("{name} {}", json(declared))).collect()
}

#[test]
fn every_kind_of_image_is_read() {
    let text = r#"
[defaults]
platforms = ["linux/arm64", "linux/amd64"]

[images]
static = "cgr.dev/chainguard/static"
pinned = "redis:8@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
tools = { layout = "./third_party//tools-oci", tag = "1.0" }

[images.postgres]
repository = "postgres"
version = "16"
tags = '^(?<version>\d+\.\d+)-alpine$'
platforms = ["linux/x86_64"]

[images.nightly]
repository = "ghcr.io/acme/nightly"
tags = '-(?<order>\d+)$'
select = "numeric"
"#;
    let both = r#""platforms":["linux/amd64","linux/arm64"]"#;
    let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(
        requests(text),
        [
            format!(
                r#"nightly {{{both},"repository":"ghcr.io/acme/nightly","select":"numeric","tags":"-(?<order>\\d+)$"}}"#
            ),
            format!(r#"pinned {{"digest":"sha256:{hex}",{both},"repository":"docker.io/library/redis","tag":"8"}}"#),
            r#"postgres {"platforms":["linux/amd64"],"repository":"docker.io/library/postgres","tags":"^(?<version>\\d+\\.\\d+)-alpine$","version":"16"}"#.to_owned(),
            format!(r#"static {{{both},"repository":"cgr.dev/chainguard/static","tag":"latest"}}"#),
            format!(r#"tools {{"layout":"third_party/tools-oci",{both},"tag":"1.0"}}"#),
        ]
    );
}

#[test]
fn a_file_means_the_same_however_it_is_laid_out() {
    let plain = "[images.redis]\nrepository = \"redis\"\ntag = \"8\"\n";
    let expected = requests(plain);
    for text in [
        "\u{feff}[images.redis]\r\nrepository = \"redis\"\r\ntag = \"8\"\r\n",
        "images.redis.repository = \"redis\"\nimages.redis.tag = \"8\"",
        "[images]\nredis = { repository = 'redis', tag = '8' }",
        "images = { redis = { repository = \"\\u0072edis\", tag = \"\"\"8\"\"\" } }",
        "images = { redis.repository = \"docker.io/redis\", redis.tag = \"8\" }",
        "[ images . \"redis\" ] # x\ntag = \"8\" # y\nrepository = \"index.docker.io/library/redis\"",
        "[images]\nredis = \"redis:8\"",
    ] {
        assert_eq!(requests(text), expected, "{text}");
    }
}

#[test]
fn an_empty_file_declares_nothing() {
    for text in ["", "\u{feff}", "# nothing\n", "[images]\n", "images = {}\n"] {
        assert!(read(text).images.is_empty(), "{text:?}");
    }
}

#[test]
fn an_image_knows_where_its_name_and_its_reference_are() {
    let project = read("[images]\nstatic = \"a\"\n\n[images.redis]\ntag = \"8\"\nrepository = 'redis'\n");
    let places = |name: &str| {
        let declared = &project.images[name];
        let shown = |at: &Location| format!("{at} {}", &at.file.text()[at.span.clone()]);
        [shown(&declared.at), shown(&declared.value_at)]
    };
    assert_eq!(places("static"), ["images.toml:2:1 static", "images.toml:2:11 a"]);
    assert_eq!(places("redis"), ["images.toml:4:9 redis", "images.toml:6:15 redis"]);
}

#[test]
fn registries_have_mirrors_in_order_by_their_canonical_host() {
    let project = read(
        "[registries.\"index.docker.io\"]\nmirrors = [\"Mirror.Example.com:5000/hub/cache/\", \"mirror.gcr.io\"]\n\
         insecure = true\nca = \"certs/ca.pem\"\ntoken-hosts = [\"auth.docker.io\"]\n\
         redirect-hosts = [\"*.Pkg.dev\", \"cdn.example.com:444\"]\nrewrite = \"eu.example.com/hub\"\n",
    );
    let settings = &project.registries[&"docker.io".parse::<Host>().unwrap()];
    let redis = "redis".parse::<Repository>().unwrap();
    let mirrors: Vec<String> =
        settings.mirrors.iter().map(|mirror| mirror.value.repository(&redis).unwrap().to_string()).collect();
    assert_eq!(mirrors, ["mirror.example.com:5000/hub/cache/library/redis", "mirror.gcr.io/library/redis"]);
    let rewrite = settings.rewrite.as_ref().unwrap();
    assert_eq!(rewrite.value.repository(&redis).unwrap().to_string(), "eu.example.com/hub/library/redis");
    assert!(settings.insecure);
    assert_eq!(settings.ca.as_ref().unwrap().value, "certs/ca.pem");
    assert_eq!(settings.token_hosts[0].value.as_str(), "auth.docker.io");
    let redirects: Vec<&str> = settings.redirect_hosts.iter().map(|host| host.value.as_str()).collect();
    assert_eq!(redirects, ["*.pkg.dev", "cdn.example.com:444"]);
}

#[test]
fn targets_are_kept_in_the_order_they_are_written() {
    let project = read("[[helm]]\nchart = \"b\"\n\n[[earthly]]\noutput = \"x\"\n\n[[helm]]\nchart = \"a\"\n");
    let targets: Vec<String> = project
        .targets
        .iter()
        .map(|target| {
            let mut fields = Fields::new(&target.node, "[[target]]").unwrap();
            let chart = fields.text("chart").or(fields.text("output")).unwrap();
            format!("{} {} {}", target.adapter, chart.value, chart.at)
        })
        .collect();
    assert_eq!(targets, ["helm b images.toml:2:10", "helm a images.toml:8:10", "earthly x images.toml:5:11"]);
}

#[test]
fn a_workspace_and_its_packages_are_one_project() {
    let root = "[package]\nname = \"root\"\n[package.metadata.images]\nuses = [\"redis\"]\n[workspace]\n\
                [workspace.metadata.images.images]\nredis = \"redis:8\"\n";
    let member = "[package]\nname = \"web\"\nmetadata.images.uses = [\"static\"]\n[dependencies]\nserde = \"1\"\n";
    let other = "[package]\nname = \"other\"\n";
    let sources = [images_toml("[images]\nstatic = \"a\"\n"), workspace(root), package(member), package(other)];
    let project = Project::parse(&sources, ADAPTERS).unwrap();
    assert_eq!(project.images.keys().map(ImageName::as_str).collect::<Vec<_>>(), ["redis", "static"]);
    let uses: Vec<String> = project.uses.iter().map(|it| format!("{} {}", it.package, it.image.value)).collect();
    assert_eq!(uses, ["root redis", "web static"]);
}

#[test]
fn defaults_hold_for_the_images_of_their_own_file() {
    let sources = [
        images_toml("[images]\na = \"a\"\n"),
        workspace("[workspace.metadata.images]\ndefaults.platforms = [\"linux/amd64\"]\nimages.b = \"b\"\n"),
    ];
    let project = Project::parse(&sources, ADAPTERS).unwrap();
    assert_eq!(project.images["a"].request.platforms, None);
    assert_eq!(project.images["b"].request.platforms, Some(["linux/amd64".parse().unwrap()].into()));
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader_and_every_place_is_in_the_text(
        text in "(\u{feff})?([\\[\\]{}=.,\"'#\\\\ \n\r\ta-z0-9é]|images|platforms|\\[images\\]\n|redis|\"\"\"){0,40}",
    ) {
        if let Err(errors) = Project::parse(&[images_toml(&text)], ADAPTERS) {
            prop_assert!(!errors.is_empty());
            for error in &errors {
                render(error);
            }
        }
    }

    #[test]
    fn no_value_breaks_the_reader(key in "[a-z]{1,4}|repository|tags|version|platforms|layout", value in "\\PC{0,30}") {
        let quoted = toml_edit::Value::from(value);
        let text = format!("[images.a]\nrepository = \"a\"\n{key} = {quoted}\n[images]\nb = {quoted}\n");
        if let Err(errors) = Project::parse(&[images_toml(&text)], ADAPTERS) {
            for error in &errors {
                render(error);
            }
        }
    }

    #[test]
    fn an_image_that_was_added_is_read_as_it_was_meant_and_removed_without_a_trace(
        name in arbitrary::image_name(),
        request in arbitrary::request(),
        spelling in prop_oneof![Just("redis:8".to_owned()), arbitrary::free_text()],
        spelled_well in any::<bool>(),
        before in prop::sample::select(FILES),
        windows in any::<bool>(),
    ) {
        let spelling = match request.wanted.repository() {
            Some(repository) if spelled_well => repository.familiar(),
            _ => spelling,
        };
        let before = if windows { before.replace('\n', "\r\n") } else { before.to_owned() };
        let image = NewImage {
            name: name.clone(),
            wanted: request.wanted.clone(),
            platforms: request.platforms.iter().flatten().cloned().collect(),
            spelling,
        };
        prop_assume!(!read(&before).images.contains_key(&name));
        let added = add(&before, &[], &image).unwrap();
        let (was, mut is) = (read(&before), read(&added));
        prop_assert_eq!(is.images.remove(&name).map(|declared| declared.request), Some(request));
        prop_assert_eq!(is.images.len(), was.images.len());
        for line in before.lines() {
            prop_assert!(line.starts_with("images = ") || added.lines().any(|other| other == line), "{}\n{}", line, added);
        }
        prop_assert_eq!(added.contains('\r'), windows && added.contains('\n'));
        let removed = remove(&added, &[], &name).unwrap();
        // Only a header that the image made necessary stays.
        prop_assert_eq!(removed.replace("[images]\r\n\r\n", "").replace("[images]\n\n", ""), before.replace("[images]\r\n\r\n", "").replace("[images]\n\n", ""));
        prop_assert!(matches!(remove(&before, &[], &name), Err(EditError::Absent(_))));
    }
}

/// Files that images are added to.
const FILES: &[&str] = &[
    "[images]\n",
    "# Ours.\n\n[images]\n# The cache.\nredis = \"redis:8\" # keep\n\n[[helm]]\nchart = \"x\"\n",
    "[images]\nredis = \"redis:8\"",
    "[images]\n  redis   =   'redis:8'\n\n# The database.\n[images.postgres]\nrepository = \"postgres\"\nplatforms = [\n  \"linux/amd64\", # x\n]\n# tag = \"16\"\n\n# Charts.\n[[helm]]\nchart = \"x\"\n# The end.\n",
    "[registries.\"a.b\"]\ninsecure = false\n\n# The database.\n[images.postgres]\nrepository = \"postgres\"\n\n[[helm]]\nchart = \"x\"\n",
    "images.redis = \"redis:8\" # x\nimages.postgres.repository = \"postgres\"\n\n[[helm]]\nchart = \"x\"\n",
    "images = { redis = \"redis:8\" } # x\n",
];
