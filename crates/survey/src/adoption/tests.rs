use std::fmt::Write as _;

use imagelock_core::project::Source;
use imagelock_core::source::SourceFile;
use imagelock_scan::Sure;

use super::*;

fn digest(digit: char) -> String {
    format!("sha256:{}", digit.to_string().repeat(64))
}

/// A place; `@a` in it is a digest of that digit.
fn at(file: &str, written: &str) -> Mention {
    let text = match written.split_once('@') {
        Some((name, digit)) => format!("{name}@{}", digest(digit.chars().next().unwrap())),
        None => written.to_owned(),
    };
    let means: Option<Reference> = text.parse().ok();
    let state = match &means {
        None => State::Invalid,
        Some(Reference { digest: Some(_), .. }) => State::Pinned,
        Some(Reference { tag: Some(_), .. }) => State::Tag,
        Some(_) => State::None,
    };
    let reference = text.split('@').next().unwrap().to_owned();
    Mention {
        file: file.into(),
        start: (1, 1),
        end: (1, 1),
        span: 0..text.len(),
        format: "dockerfile",
        reference,
        means,
        state,
        image: None,
        place: String::new(),
        sure: Sure::Certain,
        builds: false,
        text,
    }
}

fn surveyed(mentions: &[Mention]) -> Surveyed {
    Surveyed { mentions: mentions.to_vec(), ..Surveyed::default() }
}

fn project(text: &str) -> Project {
    Project::parse(&[Source::ImagesToml(SourceFile::new("images.toml", text))], &[]).unwrap()
}

/// `name = spelling  digest  places`
fn told(adoption: &Adoption<'_>) -> String {
    let mut text = String::new();
    for Adopted { name, wanted, spelling, digest, places } in &adoption.images {
        let digest = digest.as_ref().map_or("none", |digest| &digest.hex()[..1]);
        let files: Vec<&str> = places.iter().map(|place| place.file.as_str()).collect();
        let spelling = spelling.split('@').next().unwrap_or_default();
        let kind = if matches!(wanted, Wanted::Digest { .. }) { "exactly" } else { "follows" };
        writeln!(text, "{name}: {spelling} {kind} {digest} {}", files.join(" ")).unwrap();
    }
    text
}

#[track_caller]
fn check(mentions: &[Mention], toml: &str, expected: &[&str]) {
    let told = told(&Adoption::of(&surveyed(mentions), &project(toml)));
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn each_repository_and_tag_is_one_image_with_the_digest_in_use() {
    let mentions = [
        at("a", "golang:1.24@a"),
        at("b", "docker.io/library/golang:1.24"),
        at("c", "golang:1.24"),
        at("d", "postgres:16"),
        at("e", "postgres:17@b"),
        at("f", "redis"),
        at("g", "redis:latest"),
        at("h", "ghcr.io/acme/redis:8"),
    ];
    check(
        &mentions,
        "",
        &[
            "acme-redis: ghcr.io/acme/redis:8 follows none h",
            "golang: golang:1.24 follows a a b c",
            "postgres-16: postgres:16 follows none d",
            "postgres-17: postgres:17 follows b e",
            "redis: redis follows none f g",
        ],
    );
}

#[test]
fn of_two_digests_the_one_that_more_places_have_is_taken_and_then_the_first() {
    let mentions = [at("a", "go:1@a"), at("b", "go:1@b"), at("c", "go:1@b"), at("d", "go:1")];
    check(&mentions, "", &["go: go:1 follows b a b c d"]);
    let found = surveyed(&mentions);
    let adoption = Adoption::of(&found, &Project::default());
    let image = &adoption.images[0];
    let files = |places: Vec<&Mention>| places.iter().map(|place| place.file.to_string()).collect::<Vec<_>>();
    assert_eq!(files(image.others().collect()), ["a"]);
    assert_eq!(files(image.pinned().collect()), ["b", "c"]);
    assert_eq!(image.digests().unwrap().len(), 2);
    let tie = [at("a", "go:1@b"), at("b", "go:1@a"), at("c", "go:1@c"), at("d", "go:1@a"), at("e", "go:1@b")];
    check(&tie, "", &["go: go:1 follows b a b c d e"]);
    assert!(Adoption::of(&surveyed(&mentions[..1]), &Project::default()).images[0].digests().is_none());
}

#[test]
fn a_digest_without_a_tag_is_asked_for_by_itself_unless_a_tag_has_it() {
    let mentions = [at("a", "go@a"), at("b", "go:1@a"), at("c", "go@b"), at("d", "lone@c"), at("e", "lone@c")];
    check(&mentions, "", &["go-1: go:1 follows a a b", "go-bbbbbbbbbbbb: go exactly b c", "lone: lone exactly c d e"]);
}

#[test]
fn what_the_project_asks_for_is_not_new() {
    let toml =
        "[images]\ngo = \"go:1\"\nexact = \"exact@DIGEST\"\n[images.db]\nrepository = \"postgres\"\nversion = \"16\"\n";
    let toml = toml.replace("DIGEST", &digest('e'));
    let mut locked = at("x", "elsewhere:1");
    locked.image = Some("elsewhere".parse().unwrap());
    let mentions = [
        at("a", "go:1@f"),
        at("b", "go:2"),
        at("c", "exact@e"),
        at("d", "exact@d"),
        at("e", "postgres:16.2"),
        at("f", "postgres:15.2"),
        locked,
    ];
    check(
        &mentions,
        &toml,
        &[
            "exact-dddddddddddd: exact exactly d d",
            "go-2: go:2 follows none b",
            "postgres-15.2: postgres:15.2 follows none f",
        ],
    );
    assert_eq!(Adoption::of(&surveyed(&mentions), &project(&toml)).known.len(), 4);
    assert!(Adoption::of(&surveyed(&mentions[..1]), &project(&toml)).images.is_empty());
}

#[test]
fn what_is_no_image_to_declare_is_told_apart() {
    let built = Mention { state: State::Built, ..at("a", "web:1") };
    let open = Mention { state: State::Variable, means: None, ..at("b", "$BASE") };
    let default = Mention { state: State::Variable, ..at("c", "alpine:3") };
    let mentions = [built, open, default, at("d", "Not an image")];
    let found = surveyed(&mentions);
    let adoption = Adoption::of(&found, &Project::default());
    let counts = [&adoption.built, &adoption.open, &adoption.invalid, &adoption.known].map(Vec::len);
    assert_eq!(counts, [1, 1, 1, 0]);
    check(&mentions, "", &["alpine: alpine:3 follows none c"]);
}

#[test]
fn what_a_file_makes_is_built_here_unless_somebody_pins_it() {
    let mut found =
        surveyed(&[at("a", "acme/web"), at("b", "acme/web:dev"), at("c", "acme/web:1@a"), at("d", "acme/other:1")]);
    found.made = ["acme/web", "acme/unused"].iter().map(|made| made.parse().unwrap()).collect();
    let adoption = Adoption::of(&found, &Project::default());
    assert_eq!(told(&adoption), "other: acme/other:1 follows none d\nweb: acme/web:1 follows a c\n");
    assert_eq!(adoption.built.len(), 2);
    assert_eq!(adoption.made.iter().map(ToString::to_string).collect::<Vec<_>>(), ["docker.io/acme/web"]);
}

#[test]
fn a_name_that_bazel_gives_comes_first_unless_two_images_have_it() {
    let bazel = |file: &str, name: &str, text: &str| Mention {
        format: "bazel",
        place: format!("oci.pull {name}"),
        ..at(file, text)
    };
    let mentions = [
        bazel("a", "Distroless_Base", "gcr.io/distroless/base:nonroot@a"),
        at("b", "gcr.io/distroless/base:debug"),
        bazel("c", "same", "one:1"),
        bazel("d", "same", "two:1"),
        bazel("e", "taken", "three:1"),
        bazel("f", "", "four:1"),
    ];
    check(
        &mentions,
        "[images]\ntaken = \"other:1\"\n",
        &[
            "base-debug: gcr.io/distroless/base:debug follows none b",
            "distroless_base: gcr.io/distroless/base:nonroot follows a a",
            "four: four:1 follows none f",
            "one: one:1 follows none c",
            "three: three:1 follows none e",
            "two: two:1 follows none d",
        ],
    );
}
