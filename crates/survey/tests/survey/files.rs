//! What files say, all together.

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_core::Lockfile;
use imagelock_core::project::{Built, Project, Source};
use imagelock_core::source::SourceFile;
use imagelock_edit::testing::{digest, lock, with_context};
use imagelock_survey::{Drift, Ignored, Mention, Survey, Surveyed, Warning, drift};

const LOCKED: &[(&str, &str, char)] = &[("db", "postgres:16.9", 'a'), ("web", "ghcr.io/acme/web:1", 'b')];

/// Surveys a repository of these files; `toml` is the project file.
fn survey(toml: &str, locked: &Lockfile, files: &[(&str, &[u8])]) -> Surveyed {
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(folder.path()).unwrap().canonicalize_utf8().unwrap();
    for (path, text) in files {
        fs_err::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs_err::write(root.join(path), text).unwrap();
    }
    let source = Source::ImagesToml(SourceFile::new("images.toml", toml));
    let project = Project::parse(&[source], &[]).unwrap();
    with_context(locked, |context| {
        let context = imagelock_adapter::Context { built: &project.built, ..*context };
        Survey::new(&root, &project.scan, &context, true, 1 << 20).unwrap().run(&[Utf8PathBuf::new()])
    })
}

/// The places, a line each.
fn lines(surveyed: &Surveyed) -> Vec<String> {
    let line = |mention: &Mention| {
        let (line, column) = mention.start;
        let image = mention.image.as_ref().map(|image| format!(" {image}")).unwrap_or_default();
        let Mention { file, text, format, .. } = mention;
        format!("{file}:{line}:{column} {format} {text} {}{image}", mention.state.name())
    };
    surveyed.mentions.iter().map(line).collect()
}

fn of(files: &[(&str, &str)]) -> Surveyed {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
    survey("", &lock(LOCKED), &files)
}

#[test]
fn every_place_has_a_state_and_the_image_that_it_means() {
    let old = digest('c');
    let dockerfile = format!(
        "ARG BASE=postgres:16.9\nFROM $BASE AS one\nFROM alpine@{old}\nFROM redis\nFROM one\nFROM $WHICH\nFROM No!Image\n\
         FROM ghcr.io/acme/own:1\n"
    );
    let files: &[(&str, &[u8])] = &[("Dockerfile", dockerfile.as_bytes())];
    let found = survey("built = ['ghcr.io/acme/own']", &lock(LOCKED), files);
    assert_eq!(
        lines(&found),
        [
            "Dockerfile:1:10 dockerfile postgres:16.9 tag db".to_owned(),
            format!("Dockerfile:3:6 dockerfile alpine@{old} pinned"),
            "Dockerfile:4:6 dockerfile redis none".to_owned(),
            "Dockerfile:6:6 dockerfile $WHICH variable".to_owned(),
            "Dockerfile:7:6 dockerfile No!Image invalid".to_owned(),
            "Dockerfile:8:6 dockerfile ghcr.io/acme/own:1 built".to_owned(),
        ]
    );
    let mention = &found.mentions[1];
    assert_eq!(
        (mention.reference.as_str(), mention.normalized().unwrap().as_str()),
        ("alpine", "docker.io/library/alpine")
    );
    assert_eq!((mention.digest_of(), mention.span.len()), (Some(&old), 78));
    assert_eq!((found.files, found.read), (1, 1));
}

#[test]
fn markers_make_places_of_any_text_and_say_which_image_it_is() {
    let found = of(&[
        ("run.notes", "docker run postgres:15 # imagelock: db\nTAG=1 # imagelock: web:tag\nnginx:1\n"),
        ("pins.txt", &format!("x = \"{}\" # imagelock: db:digest\n", digest('d'))),
        ("wrong.notes", "a # imagelock: none\n"),
        ("silent.notes", "docker run nginx:1\n"),
    ]);
    assert_eq!(
        lines(&found),
        [
            format!("pins.txt:1:5 plain \"{}\" pinned db", digest('d')),
            "run.notes:1:12 plain postgres:15 tag db".to_owned()
        ]
    );
    assert_eq!(found.mentions[0].normalized().unwrap(), "docker.io/library/postgres:16.9");
    let Warning { file, line, message } = &found.warnings[0];
    assert_eq!((file.as_str(), line), ("wrong.notes", &Some(1)));
    assert!(message.contains("there is no image `none`"), "{message}");
    assert_eq!((found.warnings.len(), found.files, found.read), (1, 4, 3));
}

#[test]
fn a_comment_leaves_its_line_alone_and_says_why() {
    let found = of(&[
        ("Dockerfile", "# imagelock: ignore (moves every night)\nFROM nginx:nightly\nFROM nginx:1\n"),
        ("p.yaml", "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: 'a:1'}]} # imagelock: ignore\n"),
    ]);
    assert_eq!(lines(&found), ["Dockerfile:3:6 dockerfile nginx:1 tag"]);
    let told = |ignored: &Ignored| format!("{}:{:?} {:?} {}", ignored.file, ignored.line, ignored.why, ignored.reason);
    assert_eq!(
        found.ignored.iter().map(told).collect::<Vec<_>>(),
        ["Dockerfile:Some(2) Comment moves every night", "p.yaml:Some(3) Comment "]
    );
}

#[test]
fn rules_of_the_project_find_what_no_format_does_and_nothing_twice() {
    let toml = "[scan]\nexclude = ['old']\n[[scan.rule]]\nfiles = ['**/*.conf', 'Dockerfile']\n\
                pattern = '(?m)^(?:image = |FROM )(?<image>\\S+)$'\n";
    let conf = "image = postgres:16.9\nimage = ghcr.io/acme/x # no\nimage = No!\nimage = y:1 # imagelock: ignore\n";
    let files: &[(&str, &[u8])] =
        &[("a/b.conf", conf.as_bytes()), ("old/c.conf", conf.as_bytes()), ("Dockerfile", b"FROM redis:7\n")];
    let found = survey(toml, &lock(LOCKED), files);
    assert_eq!(
        lines(&found),
        [
            "Dockerfile:1:6 dockerfile redis:7 tag",
            "a/b.conf:1:9 rule postgres:16.9 tag db",
            "a/b.conf:3:9 rule No! invalid"
        ]
    );
}

#[test]
fn what_cannot_be_read_is_told_and_stops_nothing() {
    let large = vec![b'#'; (1 << 20) + 1];
    let found = survey(
        "",
        &lock(LOCKED),
        &[
            ("1/Dockerfile", b"FROM a:1\n\nFROM \xff\n"),
            ("2/Dockerfile", b"FROM a:1\nRUN \0\n"),
            ("3/Dockerfile", &large),
            ("4/Dockerfile", b"FROM a:1\nNONSENSE\n"),
            ("5/Dockerfile", b"FROM a:1\n"),
            ("6/image.png", b"\x89PNG\0\xff imagelock: db"),
            ("7/large.txt", &large),
        ],
    );
    assert_eq!(lines(&found), ["5/Dockerfile:1:6 dockerfile a:1 tag"]);
    let told: Vec<String> = found
        .warnings
        .iter()
        .map(|warning| format!("{} {}", warning.line.map(|line| line.to_string()).unwrap_or_default(), warning.message))
        .collect();
    assert_eq!(told.len(), 4, "{told:?}");
    assert_eq!(
        told[0],
        "3 cannot read `1/Dockerfile:3:6`: it is not text in UTF-8: the byte 0xff belongs to no character"
    );
    assert_eq!(told[1], "2 `2/Dockerfile` is not text: it has a NUL byte");
    assert_eq!(told[2], " cannot read `3/Dockerfile`: it is larger than 1 MiB");
    assert!(told[3].starts_with("2 `4/Dockerfile` cannot be read as a Dockerfile: "), "{told:?}");
}

#[test]
fn names_that_stand_for_several_images_drift() {
    let (a, b) = (digest('a'), digest('b'));
    let found = of(&[
        ("a/Dockerfile", &format!("FROM golang:1@{a}\nFROM redis:7\nFROM busybox\nFROM one@{a}\nFROM own\n")),
        ("b/Dockerfile", &format!("FROM golang:1@{b}\nFROM redis:8\nFROM busybox:latest\nFROM one@{b}\n")),
        ("c/Dockerfile", "FROM golang:1\n"),
    ]);
    let told: Vec<String> = drift(&found.mentions)
        .iter()
        .map(|drift| match drift {
            Drift::Digests { repository, tag, places } => format!("{repository}:{tag} {} digests", places.len()),
            Drift::Tags { repository, places } => format!("{repository} {} tags", places.len()),
        })
        .collect();
    assert_eq!(told, ["docker.io/library/golang:1 2 digests", "docker.io/library/redis 2 tags"]);
}

#[test]
fn a_place_that_is_ignored_or_built_says_nothing_of_drift() {
    let built = Built::new(["ghcr.io/acme/own".parse().unwrap()]);
    with_context(&lock(LOCKED), |context| {
        let context = imagelock_adapter::Context { built: &built, ..*context };
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap().canonicalize_utf8().unwrap();
        fs_err::write(root.join("Dockerfile"), "FROM ghcr.io/acme/own:1\nFROM ghcr.io/acme/own:2\n").unwrap();
        let settings = imagelock_core::project::ScanSettings::default();
        let found = Survey::new(&root, &settings, &context, true, 1 << 20).unwrap().run(&[Utf8PathBuf::new()]);
        assert_eq!((found.mentions.len(), drift(&found.mentions)), (2, Vec::new()));
    });
}

#[test]
fn what_others_read_before_is_not_opened_and_names_are_told_where_they_are_asked_for() {
    with_context(&lock(LOCKED), |context| {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap().canonicalize_utf8().unwrap();
        for path in ["Dockerfile", "BUILD.bazel", "other/Dockerfile"] {
            fs_err::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs_err::write(root.join(path), "FROM written:1\n# @images//db @images//absent\n").unwrap();
        }
        let settings = imagelock_core::project::ScanSettings::default();
        let before = |path: &Utf8Path| (path == "Dockerfile").then(|| b"FROM kept:1\n".as_slice().into());
        let survey = || Survey::new(&root, &settings, context, true, 1 << 20).unwrap();
        let found = survey().with_files(&before).with_names().run(&[Utf8PathBuf::new()]);
        let texts: Vec<&str> = found.mentions.iter().map(|mention| mention.text.as_str()).collect();
        assert_eq!(texts, ["kept:1", "written:1"]);
        let named: Vec<&str> = found.named.iter().map(imagelock_core::ImageName::as_str).collect();
        assert_eq!(named, ["db"]);
        assert!(survey().run(&[Utf8PathBuf::new()]).named.is_empty());
    });
}
