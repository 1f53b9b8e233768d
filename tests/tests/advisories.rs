//! `advisories update`, and what `outdated` tells of releases that have ended.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use imagelock_core::Digest;
use imagelock_testkit::{Fault, Image, Layer, On, Registry};
use imagelock_tests::Monorepo;
use insta::assert_snapshot;
use serde_json::Value;

const WOLFI: &str = r#"{"reponame": "os", "urlprefix": "https://packages.wolfi.dev", "packages": [
    {"pkg": {"name": "openssl", "secfixes": {"3.3.2-r2": ["CVE-2026-1"]}}}]}"#;
const DEBIAN: &str = r#"[{"cycle": "12", "codename": "Bookworm", "eol": "2026-12-31"}, {"cycle": "10", "codename": "Buster", "eol": "2022-09-10"}]"#;

/// A registry that has two snapshots, and a repository that names them.
fn stage() -> (Registry, Monorepo) {
    let registry = Registry::start().unwrap();
    let host = registry.host();
    let address = |repository: &str, text: &str| {
        let digest = registry.put_blob(repository, text.as_bytes().to_vec());
        format!("http://{host}/v2/{repository}/blobs/{digest}")
    };
    let toml = format!(
        "[images]\n# what others know\n[advisories]\nwolfi = {{ file = 'known/wolfi.json', url = '{}' }} # ours\n\
         [endoflife.debian]\nfile = 'known/debian.json'\nurl = '{}'\n",
        address("wolfi", WOLFI),
        address("debian", DEBIAN)
    );
    let repo = Monorepo::builder().file("images.toml", toml).build();
    (registry, repo)
}

fn update(repo: &Monorepo, day: &str) -> String {
    repo.imagelock(["advisories", "update", "--as-of", day]).success().to_string()
}

#[test]
fn what_is_fetched_is_written_and_pinned_and_the_rest_stays_as_it_was() {
    let (registry, repo) = stage();
    let before = repo.read("images.toml");
    assert_snapshot!(update(&repo, "2026-11-24"), @"
    exit: 0
    ----- stderr -----
        Fetching 2 snapshots
           Wrote known/wolfi.json
           Wrote known/debian.json
           Wrote images.toml
    ");
    assert_eq!((repo.read("known/wolfi.json"), repo.read("known/debian.json")), (WOLFI.to_owned(), DEBIAN.to_owned()));
    let pin = |text: &str| Digest::sha256(text.as_bytes()).hex().to_owned();
    let after = before.replace(" } # ours", &format!(", sha256 = \"{}\", date = \"2026-11-24\" }} # ours", pin(WOLFI)))
        + &format!("sha256 = \"{}\"\ndate = \"2026-11-24\"\n", pin(DEBIAN));
    assert_eq!(repo.read("images.toml"), after);

    assert_snapshot!(update(&repo, "2026-11-30"), @"
    exit: 0
    ----- stderr -----
        Fetching 2 snapshots
           Fresh 2 snapshots
    ");
    assert_eq!(repo.read("images.toml"), after);
    let requests = registry.log().count("GET", "/v2/");
    assert_eq!(requests, 4);

    let newer = WOLFI.replace("CVE-2026-1", "CVE-2026-2");
    registry.fault(On::blob("wolfi"), Fault::bytes(newer.clone()));
    let output =
        repo.imagelock(["advisories", "update", "wolfi", "--format", "json", "--as-of", "2026-11-30"]).success();
    let document: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!((&document[0]["state"], &document[0]["sha256"]), (&"written".into(), &pin(&newer).into()));
    assert_eq!(registry.log().count("GET", "/v2/"), requests + 1);
    let hash = |text: &str| format!("sha256 = \"{}\"", pin(text));
    let pinned = after.replace(&hash(WOLFI), &hash(&newer));
    assert_eq!(repo.read("images.toml"), pinned.replacen("2026-11-24", "2026-11-30", 1));
}

#[test]
fn what_is_no_snapshot_changes_nothing() {
    let (registry, repo) = stage();
    let before = repo.read("images.toml");
    registry.fault(On::blob("debian"), Fault::bytes("<html>"));
    let output = repo.imagelock(["advisories", "update"]).exit(2);
    assert!(output.stderr.contains("is of no use: it is no product of endoflife.date"), "{}", output.stderr);
    registry.fault(On::blob("debian"), Fault::status(404));
    let output = repo.imagelock(["advisories", "update"]).exit(3);
    assert!(output.stderr.contains("status 404"), "{}", output.stderr);
    assert_eq!(repo.read("images.toml"), before);
    assert!(!repo.path("known").exists());
}

#[test]
fn a_file_that_is_none_of_its_own_is_not_written() {
    let (_registry, repo) = stage();
    let toml = repo.read("images.toml");
    repo.write("mine.json", "{}");
    repo.write(".git/HEAD", "ref: refs/heads/main\n");
    for (file, said) in [
        ("mine.json", "is there already, and no snapshot"),
        ("images.lock", "is what targets are rendered from"),
        (".git/hooks/x", "is in a folder of version control"),
        (".github/workflows/x.json", "is what CI or a hook runs"),
        ("../x.json", "is a path inside the repository"),
    ] {
        repo.write("images.toml", toml.replace("known/wolfi.json", file));
        let output = repo.imagelock(["advisories", "update"]).exit(2);
        assert!(output.stderr.contains(said), "{file}: {}", output.stderr);
    }
    assert_eq!(repo.read("mine.json"), "{}");
}

#[test]
fn an_entry_that_is_not_there_or_comes_from_nowhere_is_named() {
    let (_registry, repo) = stage();
    let output = repo.imagelock(["advisories", "update", "wolfy"]).exit(2);
    assert!(output.stderr.contains("there is no snapshot `wolfy` in images.toml"), "{}", output.stderr);
    assert!(output.stderr.contains("did you mean `wolfi`?"), "{}", output.stderr);
    repo.write("images.toml", format!("[advisories]\nx = {{ file = 'x', sha256 = '{}' }}\n", "0".repeat(64)));
    let named = repo.imagelock(["advisories", "update", "x"]).exit(2).stderr;
    assert!(named.contains("`x` has no `url` to fetch it from"), "{named}");
    let all = repo.imagelock(["advisories", "update"]).exit(2).stderr;
    assert!(all.contains("no snapshot in images.toml has a `url`"), "{all}");
}

/// A repository with an image of a release that has ended by its tag, one by its base, one that has not, and one that says
/// nothing.
fn old() -> (Registry, Monorepo) {
    let (registry, repo) = stage();
    let image = |seed: &str| Image::linux(["amd64"]).seed(seed);
    registry.push("acme/db:16-buster", &image("db"));
    let base = "org.opencontainers.image.base.name";
    registry.push("acme/web:1", &image("web").label(base, "docker.io/library/debian:10.13-slim"));
    registry.push("debian:12", &image("debian"));
    registry.push("acme/job:1", &image("job"));
    let host = registry.host();
    let images = format!(
        "[images]\ndb = '{host}/acme/db:16-buster'\nweb = '{host}/acme/web:1'\nos = '{host}/debian:12'\njob = '{host}/acme/job:1'\n"
    );
    repo.write("images.toml", repo.read("images.toml").replace("[images]\n", &images));
    update(&repo, "2026-11-24");
    repo.imagelock(["lock"]).success();
    (registry, repo)
}

#[test]
fn a_release_that_has_ended_is_told_whether_or_not_there_is_something_newer() {
    let (_registry, repo) = old();
    let outdated = |arguments: &[&str]| repo.imagelock([&["outdated"], arguments].concat()).success();
    assert_snapshot!(outdated(&["--as-of", "2026-11-24"]), @"
    exit: 0
    ----- stderr -----
        Checking 4 images
           Ended db  debian 10, ended 10 Sep 2022, by its tag
           Ended web  debian 10, ended 10 Sep 2022, by the base that it names
           Fresh 4 images
    ");
    let document: Value =
        serde_json::from_str(&outdated(&["--as-of", "2027-01-01", "--format", "json"]).stdout).unwrap();
    assert_snapshot!(document["ended"].to_string(), @r#"[{"by":"tag","name":"db","on":"2022-09-10","os":"debian","version":"10"},{"by":"tag","name":"os","on":"2026-12-31","os":"debian","version":"12"},{"by":"base","name":"web","on":"2022-09-10","os":"debian","version":"10"}]"#);
    assert_snapshot!(outdated(&["--as-of", "2026-11-24", "--format", "markdown", "web"]).stdout, @"
    | image | current | allowed | latest | level | age | why |
    |---|---|---|---|---|---|---|

    - `web`: `debian 10, ended 10 Sep 2022, by the base that it names`
    ");
    repo.imagelock(["report", "page.html", "--as-of", "2026-11-24"]).success();
    assert!(repo.read("page.html").contains("debian 10, ended 10 Sep 2022, by the base that it names"));
    assert!(outdated(&["job", "--as-of", "2026-11-24", "--format", "json"]).stdout.contains("\"fresh\": 1"));
}

#[test]
fn a_snapshot_that_is_not_what_its_pin_says_is_read_by_nobody() {
    let (_registry, repo) = old();
    repo.write("known/debian.json", DEBIAN.replace("2022", "2099"));
    let output = repo.imagelock(["outdated"]).exit(2);
    assert!(output.stderr.contains("`known/debian.json` is not what its `sha256` says"), "{}", output.stderr);
    std::fs::remove_file(repo.path("known/debian.json")).unwrap();
    let output = repo.imagelock(["outdated"]).exit(2);
    assert!(output.stderr.contains("cannot read `known/debian.json`: there is no such file"), "{}", output.stderr);
    assert!(output.stderr.contains("`imagelock advisories update` fetches and pins it"), "{}", output.stderr);
}

#[test]
fn an_image_that_is_inspected_says_when_its_release_ends() {
    let (registry, repo) = stage();
    update(&repo, "2026-11-24");
    let status = "Package: bash\nStatus: install ok installed\nVersion: 5.0-4\nArchitecture: amd64\n\n";
    let files = |release| [("etc/os-release", release), ("var/lib/dpkg/status", status)];
    for (version, release, told) in [
        ("10", "ID=debian\nVERSION_ID=10\n", "debian 10, ended 10 Sep 2022"),
        ("12", "ID=debian\nVERSION_ID=12\n", "debian 12, ends 31 Dec 2026"),
        ("13", "ID=debian\nVERSION_ID=13\n", "debian 13"),
        ("22", "ID=ubuntu\nVERSION_ID=22.04\n", "ubuntu 22.04"),
    ] {
        let reference = format!("acme/os:{version}");
        registry.push(&reference, &Image::linux(["amd64"]).layer(Layer::files(files(release))));
        let image = format!("{}/{reference}", registry.host());
        let output = repo.imagelock(["inspect", &image, "--as-of", "2026-11-24"]).success().stdout;
        assert!(output.contains(&format!("  release            {told}\n")), "{output}");
    }
}
