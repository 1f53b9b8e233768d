use imagelock_adapter::MemoryTree;
use imagelock_core::{Lockfile, arbitrary};
use imagelock_edit::testing::{digest, lock, only};
use proptest::prelude::*;

use crate::Markers;

const PROJECT: &str = "[[marker]]\nedit = [\"**/*\"]\n";

fn locked() -> Lockfile {
    lock(&[("web", "ghcr.io/acme/web:1.10", 'a'), ("db", "postgres:16.9", 'b')])
}

fn pinned_in(path: &str, text: &str) -> Result<String, String> {
    only(&Markers, PROJECT, &locked(), &MemoryTree::default().file(path, text))
}

fn pinned(text: &str) -> Result<String, String> {
    pinned_in("a.txt", text)
}

#[test]
fn a_value_is_replaced_in_the_syntax_of_its_line() {
    let (web, db) = (format!("ghcr.io/acme/web:1.10@{}", digest('a')), format!("postgres:16.9@{}", digest('b')));
    let full = format!("docker.io/library/{db}");
    for (before, after) in [
        ("image: ghcr.io/acme/web:1.9 # imagelock: web", format!("image: {web} # imagelock: web")),
        ("image = \"postgres:15\"  # imagelock: db", format!("image = \"{db}\"  # imagelock: db")),
        ("image = 'mirror/pg:15' // imagelock: db", format!("image = '{full}' // imagelock: db")),
        ("IMAGE=postgres # imagelock: db", format!("IMAGE={db} # imagelock: db")),
        (
            "docker run --rm -p 80:80 postgres:15 psql # imagelock: db",
            format!("docker run --rm -p 80:80 {db} psql # imagelock: db"),
        ),
        ("\"image\": \"\", // imagelock: web", format!("\"image\": \"{web}\", // imagelock: web")),
        ("f(/* imagelock: db */ \"postgres:15\");", format!("f(/* imagelock: db */ \"{db}\");")),
        ("<image>postgres:15</image> <!-- imagelock: db -->", format!("<image>{db}</image> <!-- imagelock: db -->")),
        ("local.image=postgres:15 ;imagelock:db", format!("local.image={db} ;imagelock:db")),
        ("SELECT pull('postgres:15'); -- imagelock: db", format!("SELECT pull('{db}'); -- imagelock: db")),
        ("# imagelock: db\r\nFROM postgres:15 AS base\r\n", format!("# imagelock: db\r\nFROM {db} AS base\r\n")),
        ("tag: \"15\" # imagelock: db:tag", "tag: \"16.9\" # imagelock: db:tag".to_owned()),
        ("TAG=15 # imagelock: db:tag", "TAG=16.9 # imagelock: db:tag".to_owned()),
        ("digest: '' # imagelock: db:digest", format!("digest: '{}' # imagelock: db:digest", digest('b'))),
        (
            "repository: library/pg # imagelock: db:repository",
            "repository: docker.io/library/postgres # imagelock: db:repository".to_owned(),
        ),
        (
            "repository: postgres # imagelock: db:repository",
            "repository: postgres # imagelock: db:repository".to_owned(),
        ),
    ] {
        let before = format!("first\n{before}");
        let after = format!("first\n{after}");
        assert_eq!(pinned(&before).unwrap(), after);
        assert_eq!(pinned(&after).unwrap(), after, "a second time");
    }
}

#[test]
fn a_digest_inside_of_a_reference_is_replaced_alone() {
    let before = format!("FROM postgres:15@{} # imagelock: db:digest\n", digest('c'));
    assert_eq!(pinned(&before).unwrap(), before.replace(&digest('c').to_string(), &digest('b').to_string()));
}

#[test]
fn a_word_of_yaml_stays_text() {
    let lock = lock(&[("a", "acme/a:1.10", 'a'), ("b", "acme/b:no", 'b'), ("c", "acme/c:v1", 'c')]);
    let before = "a: 1.9 # imagelock: a:tag\nb: on # imagelock: b:tag\nc: v0 # imagelock: c:tag\n";
    let after = only(&Markers, PROJECT, &lock, &MemoryTree::default().file("a.yml", before)).unwrap();
    assert_eq!(after, "a: \"1.10\" # imagelock: a:tag\nb: \"no\" # imagelock: b:tag\nc: v1 # imagelock: c:tag\n");
    assert_eq!(only(&Markers, PROJECT, &lock, &MemoryTree::default().file("a.yml", after.as_str())).unwrap(), after);
}

#[test]
fn a_word_of_yaml_is_one_under_any_name_and_a_number_elsewhere_is_not_replaced() {
    let lock = lock(&[("a", "acme/a:1.10", 'a'), ("z", "acme/z:0362525", 'b')]);
    let pin = |path: &str, text: &str| only(&Markers, PROJECT, &lock, &MemoryTree::default().file(path, text));
    for path in ["f.yaml.gotmpl", "f.yaml.j2", "f.yml.tmpl", "f.YAML", "f.sls", "f.eyaml"] {
        let after = pin(path, "tag: 1.9 # imagelock: a:tag\nt2: 0787849 # imagelock: z:tag\n").unwrap();
        assert_eq!(after, "tag: \"1.10\" # imagelock: a:tag\nt2: \"0362525\" # imagelock: z:tag\n", "{path}");
    }
    for path in ["f.toml", "f.json5", "main.tf.tmpl"] {
        let error = pin(path, "v = 1.9 # imagelock: a:tag\n").unwrap_err();
        assert!(error.starts_with("`1.9` cannot be pinned in this place"), "{path}: {error}");
        assert!(error.contains(&format!("{path}:1:5")) && error.contains("in quotes"), "{error}");
        assert!(pin(path, "v = \"1.9\" # imagelock: a:tag\n").is_ok());
    }
    assert!(pin("f.env", "v=1.9 # imagelock: a:tag\n").is_ok());
}

#[test]
fn what_is_not_found_again_is_not_written() {
    for line in ["a\"b tag: 15", "FROM\"tag: 16.8"] {
        match pinned_in("a.yaml", &format!("{line} # imagelock: db:tag\n")) {
            Ok(once) => assert_eq!(pinned_in("a.yaml", &once).unwrap(), once),
            Err(error) => assert!(error.starts_with("`a.yaml` would not read back as it was pinned"), "{error}"),
        }
    }
    assert!(pinned_in("a.yaml", "a\"b tag: 15 # imagelock: db:tag\n").is_err());
    // An apostrophe opens nothing, and hides no quotes.
    let once = pinned_in("a.yaml", "it's tag: 15 # imagelock: db:tag\n").unwrap();
    assert_eq!(once, "it's tag: \"16.9\" # imagelock: db:tag\n");
    assert_eq!(pinned_in("a.yaml", &once).unwrap(), once);
}

#[test]
fn what_nobody_meant_is_not_changed() {
    for (text, says) in [
        ("let x = compute(Y);  # imagelock: web\n", "the marker of `web` stands at no reference\na.txt:1:35 \"web\""),
        ("a = \"acme/a:1\", \"acme/b:1\"  # imagelock: web\n", "the marker of `web` stands at several places"),
        ("# imagelock: web\n", "the marker of `web` stands at no reference"),
        ("# imagelock: web\n# imagelock: db\nx: y/z\n", "the marker of `web` stands at no reference"),
        ("a: b/c # imagelock: web # imagelock: db\n", "a line has one marker"),
        ("a: b/c # imagelock: wbe\n", "did you mean `web`?"),
        ("a: b/c # imagelock: web:version\n", "a marker cannot name the part `version`"),
        ("a: b/c\n", "no file here has a marker"),
    ] {
        let error = pinned(text).unwrap_err();
        assert!(error.contains(says), "{text}: {error}");
    }
}

#[test]
fn an_image_without_a_tag_has_none_to_write() {
    let mut lock = locked();
    lock.images.get_mut("db").unwrap().tag = None;
    let tree = MemoryTree::default().file("a", "tag: 15 # imagelock: db:tag\n");
    assert!(only(&Markers, PROJECT, &lock, &tree).unwrap_err().starts_with("`db` is locked without a tag\na:1:22"));
}

#[test]
fn mistakes_in_the_table_show_their_place() {
    let wrong =
        |table: &str| only(&Markers, &format!("[[marker]]\n{table}"), &locked(), &MemoryTree::default()).unwrap_err();
    assert!(wrong("").contains("needs `edit`\nimages.toml:1:1"), "{}", wrong(""));
    assert!(wrong("edit = 'a'\noutput = 'b'\n").contains("`output` does not fit here"));
    assert!(wrong("edit = 'a'\nimages = ['web']\n").contains("images.toml:3:"));
    assert!(wrong("edit = '/etc/passwd'\n").contains("inside the repository"));
}

proptest! {
    #[test]
    fn only_values_of_lines_with_markers_change(
        lines in prop::collection::vec("[ -~]{0,30}", 0..4),
        (name, image) in (arbitrary::image_name(), arbitrary::locked_image()),
        quote in prop_oneof![Just("\""), Just("'"), Just("")],
        crlf in any::<bool>(),
    ) {
        prop_assume!(lines.iter().all(|line| !line.contains("imagelock:")) && image.repository().is_some());
        let end = if crlf { "\r\n" } else { "\n" };
        let line = |value: &str| format!("x = {quote}{value}{quote} # imagelock: {name}");
        let text = |value: &str| {
            lines.iter().chain([&line(value)]).chain(&lines).map(|line| format!("{line}{end}")).collect::<String>()
        };
        let tagged = image.repository().unwrap().with(image.tag.clone(), Some(image.digest.clone())).to_string();
        let lock = Lockfile { images: [(name.clone(), image)].into(), ..Default::default() };
        let pin = |text: &str| only(&Markers, PROJECT, &lock, &MemoryTree::default().file("a", text));
        let once = pin(&text("some/thing:1")).map_err(TestCaseError::fail)?;
        prop_assert_eq!(&once, &text(&tagged));
        prop_assert_eq!(pin(&once).map_err(TestCaseError::fail)?, once);
    }

    #[test]
    fn a_parser_of_yaml_reads_what_was_locked(image in arbitrary::locked_image()) {
        let Some(tag) = image.tag.clone() else { return Ok(()) };
        prop_assume!(image.repository().is_some());
        let lock = Lockfile { images: [("x".parse().unwrap(), image.clone())].into(), ..Default::default() };
        let before = "tag: old # imagelock: x:tag\ndigest: \"\" # imagelock: x:digest\n# imagelock: x\nimage: a/b\n";
        let text = only(&Markers, PROJECT, &lock, &MemoryTree::default().file("a.yaml", before)).map_err(TestCaseError::fail)?;
        let read: std::collections::BTreeMap<String, String> =
            serde_saphyr::from_str(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(&read["tag"], tag.as_str());
        prop_assert_eq!(&read["digest"], &image.digest.to_string());
        prop_assert_eq!(&read["image"], &image.repository().unwrap().with(Some(tag), Some(image.digest.clone())).to_string());
    }

    #[test]
    fn no_text_stops_it(text in "[ \\n\\t:{}\\[\\]&*'\"`|>#a-c0-9@!%=é-]{0,60}") {
        drop(pinned(&format!("{text} # imagelock: web\n{text}")));
    }
}
