use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::arbitrary;
use crate::lockfile::LockedPlatform;
use crate::update::Level;
use crate::{Base, Origin};

const OLD: &str = "0c2d1f90c2d1f90c2d1f90c2d1f90c2d1f90c2d1";
const NEW: &str = "77c01be77c01be77c01be77c01be77c01be77c01";

/// An image of a tag, whose content is its digest's, built on a day.
fn image(reference: &str, content: &str, built: &str) -> LockedImage {
    let reference: crate::Reference = reference.parse().unwrap();
    let digest = Digest::sha256(content.as_bytes());
    let media_type = "application/vnd.oci.image.manifest.v1+json".to_owned();
    let platform =
        LockedPlatform { config: digest.clone(), digest: digest.clone(), media_type: media_type.clone(), size: 1 };
    LockedImage {
        request: crate::Request { wanted: crate::Wanted::from_reference(reference.clone()), platforms: None },
        origin: Origin::Registry(reference.repository),
        tag: reference.tag,
        digest,
        media_type,
        size: 1,
        platforms: [("linux/amd64".parse().unwrap(), platform)].into(),
        created: Some(format!("2026-11-{built}T06:00:00Z").parse().unwrap()),
        version: None,
        revision: None,
        source: None,
        base: Base::default(),
        signatures: Vec::new(),
    }
}

fn said(image: LockedImage, version: &str, revision: &str, source: &str) -> LockedImage {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    LockedImage { version: text(version), revision: text(revision), source: text(source), ..image }
}

/// What images become, each with its name.
struct Story {
    as_of: Created,
    images: Vec<(ImageName, Option<LockedImage>, Option<LockedImage>)>,
    waiting: Vec<(ImageName, LockedImage, Option<Tag>, Vec<Reason>)>,
}

impl Story {
    fn new() -> Self {
        Self { as_of: "2026-11-26T07:00:00Z".parse().unwrap(), images: Vec::new(), waiting: Vec::new() }
    }

    fn image(mut self, name: &str, from: Option<LockedImage>, to: Option<LockedImage>) -> Self {
        self.images.push((name.parse().unwrap(), from, to));
        self
    }

    fn waits(mut self, name: &str, from: LockedImage, tag: &str, reasons: Vec<Reason>) -> Self {
        self.waiting.push((name.parse().unwrap(), from, Some(tag.parse().unwrap()), reasons));
        self
    }

    fn summary(&self) -> Summary<'_> {
        let changes = self.images.iter().map(|(name, from, to)| Changed {
            name,
            from: from.as_ref(),
            to: to.as_ref(),
            users: Vec::new(),
            owners: BTreeSet::new(),
            labels: BTreeSet::new(),
            brings: Vec::new(),
        });
        let waiting = self.waiting.iter().map(|(name, from, tag, reasons)| Waits {
            name,
            from: Some(from),
            tag: tag.as_ref(),
            digest: None,
            reasons,
        });
        Summary {
            noted: false,
            changes: changes.collect(),
            waiting: waiting.collect(),
            pushed_again: Vec::new(),
            as_of: &self.as_of,
            command: "imagelock",
            group: Group::All,
        }
    }
}

fn user(target: &str, file: &str, line: Option<usize>) -> User {
    User { target: target.to_owned(), file: file.into(), line }
}

fn morning() -> Story {
    let github = "https://github.com/acme/static.git";
    let old = said(image("ghcr.io/acme/static:latest", "one", "20"), "1.24.3", OLD, github);
    let new = said(image("ghcr.io/acme/static:latest", "two", "23"), "1.24.4", NEW, github);
    let base = |image: LockedImage, digit: &str| LockedImage {
        base: Base {
            digest: Some(Digest::sha256(digit.as_bytes())),
            name: Some("docker.io/library/debian:13".to_owned()),
        },
        ..image
    };
    let rebuilt = |content, built, digit| {
        base(said(image("ghcr.io/acme/web:2", content, built), "2.0.0", OLD, "https://git.example.com/acme/web"), digit)
    };
    let level = |level, allowed| vec![Reason::Level { level, allowed }];
    Story::new()
        .image(
            "cache",
            Some(image("docker.io/library/redis:8", "five", "21")),
            Some(image("docker.io/library/redis:8", "six", "19")),
        )
        .image("gone", Some(image("docker.io/library/busybox:1", "seven", "01")), None)
        .image("new", None, Some(image("docker.io/library/alpine:3", "eight", "26")))
        .image("static", Some(old), Some(new))
        .image("web", Some(rebuilt("three", "20", "a")), Some(rebuilt("four", "25", "b")))
        .waits(
            "db",
            image("docker.io/library/postgres:16.9-alpine", "nine", "01"),
            "17.1-alpine",
            level(Level::Major, Level::Patch),
        )
        .waits(
            "queue",
            image("docker.io/library/rabbitmq:4.0", "ten", "01"),
            "4.1",
            vec![Reason::Held {
                reason: "4.1 loses messages, see #12".to_owned(),
                until: Some("2026-12-31".parse().unwrap()),
            }],
        )
        .waits(
            "tools",
            image("docker.io/library/node:24", "eleven", "01"),
            "24",
            vec![Reason::Platforms { missing: ["linux/arm64".parse().unwrap()].into() }],
        )
}

fn used(mut summary: Summary<'_>) -> Summary<'_> {
    for changed in &mut summary.changes {
        let (users, owners): (Vec<User>, &[&str]) = match changed.name.as_str() {
            "static" => (
                vec![
                    user("dockerfile", "services/web/Dockerfile", Some(1)),
                    user("helm", "deploy/web.images.yaml", None),
                ],
                &["@acme/web"],
            ),
            "web" => (vec![user("compose", "compose.yaml", Some(7))], &["@acme/ops", "@acme/web"]),
            _ => (Vec::new(), &[]),
        };
        changed.users = users;
        changed.owners = owners.iter().map(|owner| (*owner).to_owned()).collect();
    }
    summary
}

#[test]
fn one_mornings_update_reads_as_it_was_read() {
    let story = morning();
    let text = used(story.summary()).text();
    assert_eq!(text, include_str!("golden.md"), "{text}");
}

#[test]
fn groups_have_their_own_tables_in_one_text() {
    let story = morning();
    let heads = |group| {
        let text = Summary { group, ..used(story.summary()) }.text();
        let lines = text.lines().filter(|line| line.starts_with("##"));
        lines.map(str::to_owned).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(
        heads(Group::Owner),
        "## `@acme/ops`, `@acme/web`\n### web\n## `@acme/web`\n### static\n## Owned by nobody\n### cache\n### gone\n### new\n## Waiting"
    );
    assert_eq!(
        heads(Group::Directory),
        "## `.`\n### web\n## `deploy`, `services`\n### static\n## Used by no file\n### cache\n### gone\n### new\n## Waiting"
    );
    assert_eq!(heads(Group::Label).lines().next(), Some("## Without a label"));
}

#[test]
fn a_version_tag_that_was_pushed_again_is_told_with_both_digests() {
    let (repository, tag) = ("docker.io/library/postgres".parse().unwrap(), "16.4".parse().unwrap());
    let (was, is) = (Digest::sha256(b"a"), Digest::sha256(b"b"));
    let first_seen = "2026-11-09T06:00:00Z".parse().unwrap();
    let again = PushedAgain { repository: &repository, tag: &tag, was: &was, first_seen: Some(&first_seen), is: &is };
    let story = Story::new();
    let text = Summary { pushed_again: vec![again], ..story.summary() }.text();
    let expected = "Nothing to update\n\n## Pushed again\n\nVersion tags that point at something else than they did:\n\n- \
                    `docker.io/library/postgres:16.4` was `ca978112ca1b`, first seen 9 Nov 2026, and is `3e23e8160039`\n";
    assert_eq!(text, expected);
}

#[test]
fn the_title_names_what_there_is_to_name() {
    let redis = |tag: &str, content: &str| Some(image(&format!("docker.io/library/redis:{tag}"), content, "20"));
    let title = |story: Story| story.summary().title();
    assert_eq!(title(Story::new()), "Nothing to update");
    let story = Story::new();
    let noted = Summary { noted: true, ..story.summary() };
    assert_eq!(
        noted.text(),
        "Note what is there since today\n\n`images.seen` notes it: a cool-down is counted from then.\n"
    );
    let moved = Story::new().image("redis", redis("8", "a"), redis("8", "b"));
    assert_eq!(Summary { noted: true, ..moved.summary() }.title(), "Update redis");
    assert_eq!(title(Story::new().image("redis", redis("8.0", "a"), redis("8.2", "b"))), "Update redis to 8.2");
    assert_eq!(title(Story::new().image("redis", redis("8", "a"), redis("8", "b"))), "Update redis");
    assert_eq!(title(Story::new().image("redis", None, redis("8", "b"))), "Lock 1 image anew");
    let waiting = Story::new().waits("redis", redis("8", "a").unwrap(), "9", vec![Reason::Down]);
    assert_eq!(title(waiting), "Nothing to update, 1 waits for approval");
    assert_eq!(title(morning()), "Update 3 images and lock 2 anew, 1 waits for approval");
}

#[test]
fn a_text_that_no_forge_would_take_is_cut_between_its_parts() {
    let mut story = Story::new();
    for number in 0..900 {
        let from = image("docker.io/library/redis:8", &format!("from {number}"), "20");
        let to = image("docker.io/library/redis:8", &format!("to {number}"), "21");
        story = story.image(&format!("redis-{number}"), Some(from.clone()), Some(to));
        story = story.waits(&format!("redis-{number}"), from, "9", vec![Reason::Down]);
    }
    let text = story.summary().text();
    assert!(text.len() < 65_000, "{}", text.len());
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.iter().all(|line| !line.starts_with("| redis") || line.ends_with(" digest |")), "a row is whole");
    assert!(text.contains(" more parts of this are left out: `images.lock` has all.\n"), "{text}");
    assert!(text.ends_with("- 850 more: `imagelock outdated` lists all\n"));
}

/// What is shown outside of code: there a forge finds names, numbers of issues, links and HTML.
fn outside_of_code(text: &str) -> String {
    text.lines().fold(String::new(), |mut outside, line| {
        let parts: Vec<&str> = line.split('`').collect();
        assert!(parts.len() % 2 == 1, "code that does not end: {line}");
        let _ = writeln!(outside, "{}", parts.into_iter().step_by(2).collect::<Vec<_>>().join("``"));
        outside
    })
}

/// A summary in which all that others wrote is one text.
fn written(text: &str) -> String {
    let everywhere = |content, built| {
        let image = said(image("ghcr.io/acme/static:latest", content, built), text, text, text);
        LockedImage { base: Base { digest: None, name: Some(text.to_owned()) }, ..image }
    };
    let held = vec![Reason::Held { reason: text.to_owned(), until: None }];
    let story = Story::new().image("static", Some(everywhere("a", "20")), Some(everywhere("b", "21"))).waits(
        "static",
        image("ghcr.io/acme/static:1", "a", "20"),
        "2",
        held,
    );
    let mut summary = Summary { group: Group::Owner, ..story.summary() };
    summary.changes[0].users = vec![user("dockerfile", text, Some(1))];
    summary.changes[0].owners = [text.to_owned()].into();
    summary.text()
}

#[test]
fn what_others_wrote_calls_nobody_links_nowhere_and_is_no_markup() {
    let plain = outside_of_code(&written("1"));
    for hostile in [
        "@acme/everybody",
        "#123",
        "GH-123",
        "acme/static#123",
        "https://evil.example/",
        "www.evil.example",
        "[safe](https://evil.example)",
        "![x](https://evil.example/pixel.png)",
        "`@acme`",
        "``` \n@acme\n```",
        "a|b|@acme",
        "\\|@acme",
        "\\`@acme",
        "<img src=x onerror=alert(1)>",
        "<!-- ",
        "</details>",
        "*b* _i_ ~s~",
        "\n\n# Heading\n\n- [x] item",
        "1\r2",
        "\u{202e}4.42.1",
        "\u{200b}\u{2066}x",
        "\u{1b}[31mred",
        "0c2d1f90c2d1f90c2d1f90c2d1f90c2d1f90c2d1",
        "$\\sqrt{x}$",
        ":rocket:",
    ] {
        assert_eq!(outside_of_code(&written(hostile)), plain, "{hostile:?}");
        assert!(!written(hostile).chars().any(|c| c != '\n' && crate::text::steers(c)), "{hostile:?}");
    }
}

proptest! {
    #[test]
    fn whatever_others_write_stays_code(text in arbitrary::free_text()) {
        prop_assume!(!text.is_empty());
        let outside = outside_of_code(&written(&text));
        // A version of numbers is newer than itself nowhere; only a link could differ, and the text is no forge's.
        prop_assert_eq!(outside, outside_of_code(&written("1")));
    }

    #[test]
    fn a_summary_of_anything_is_one_text(images in prop::collection::vec((arbitrary::locked_image(), arbitrary::locked_image()), 0..4)) {
        let mut story = Story::new();
        for (number, (from, to)) in images.into_iter().enumerate() {
            story = story.image(&format!("image-{number}"), Some(from), Some(to));
        }
        let text = story.summary().text();
        prop_assert_eq!(&text, &story.summary().text());
        outside_of_code(&text);
        prop_assert!(matches!(text.lines().nth(1), None | Some("")));
    }
}
