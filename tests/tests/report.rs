//! `report`: the page, as a file and as a browser shows it.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::os::unix::fs::symlink;

use imagelock_testkit::{Image, Registry};
use imagelock_tests::{Chromium, Monorepo, need};
use serde_json::{Value, json};

const AS_OF: [&str; 2] = ["--as-of", "2026-11-28"];

fn image(version: &str, source: &str, created: &str) -> Image {
    Image::linux(["amd64", "arm64"])
        .seed(version)
        .created(created)
        .label("org.opencontainers.image.version", version)
        .label("org.opencontainers.image.source", source)
        .label("org.opencontainers.image.base.name", "docker.io/library/debian:12")
}

/// A repository with two images, of which one is held, in files of three formats.
fn stage() -> (Registry, Monorepo) {
    let registry = Registry::start().unwrap();
    registry.push("acme/web:1", &image("1.4.0", "https://github.com/acme/web.git", "2026-11-20T06:00:00Z"));
    registry.push("acme/db:16", &image("16.8", "git@example.com:acme/db", "2025-01-02T06:00:00Z"));
    let host = registry.host();
    let toml = format!(
        "[images]\nweb = '{host}/acme/web:1'\ndb = {{ repository = '{host}/acme/db', tag = '16', hold = 'a migration', \
         until = '2027-01-31' }}\n[[dockerfile]]\nedit = 'services/*/Dockerfile'\n[[buildkit]]\noutput = 'policy.json'\n"
    );
    let repo = Monorepo::builder()
        .file("images.toml", toml)
        .file("services/shop/Dockerfile", format!("FROM {host}/acme/web:1\nFROM {host}/acme/web:1\n"))
        .file("services/pay/Dockerfile", format!("FROM {host}/acme/web:1\n"))
        .file("compose.yaml", format!("services:\n  db:\n    image: {host}/acme/db:16\n  x:\n    image: redis:8\n"))
        .file("old/Dockerfile", format!("FROM {host}/acme/db:15\n"))
        .file(".github/CODEOWNERS", "* @acme/all\n/services/shop/ @acme/shop\n")
        .build();
    repo.imagelock(["lock"]).success();
    repo.imagelock(["render"]).success();
    (registry, repo)
}

fn report(repo: &Monorepo, arguments: &[&str]) -> String {
    repo.imagelock(["report", "page.html"].iter().chain(&AS_OF).chain(arguments)).success();
    repo.read("page.html")
}

/// The texts of a page's rows, those of each cell between two bars.
fn rows(page: &str, table: &str) -> Vec<String> {
    let Some((_, rest)) = page.split_once(&format!("<table id=\"{table}\">")) else { return Vec::new() };
    let body = rest.split_once("<tbody>").unwrap().1.split_once("</tbody>").unwrap().0;
    let tags = regex::Regex::new("<[^>]*>").unwrap();
    let text = |html: &str| tags.replace_all(html, " ").split_whitespace().collect::<Vec<_>>().join(" ");
    let cells = |row: &str| row.split("</td>").map(text).collect::<Vec<_>>().join(" | ");
    body.split("</tr>")
        .map(cells)
        .map(|row| row.trim_end_matches(" |").trim().to_owned())
        .filter(|row| !row.is_empty())
        .collect()
}

#[test]
fn the_page_tells_what_the_lock_and_the_files_say() {
    let (registry, repo) = stage();
    let page = report(&repo, &[]).replace(registry.host(), "registry.example.com");
    let digests = regex::Regex::new("sha256:[0-9a-f]{12}").unwrap();
    let told = |table: &str| digests.replace_all(&rows(&page, table).join("\n"), "sha256:…").into_owned();
    insta::assert_snapshot!(told("images"), @"
    db held: a migration | registry.example.com/acme/db :16 on docker.io/library/debian:12 | 16.8 | sha256:… | 2 Jan 2025 695 days |  | linux/amd64 linux/arm64 | 1 |
    web | registry.example.com/acme/web :1 https://github.com/acme/web on docker.io/library/debian:12 | 1.4.0 | sha256:… | 20 Nov 2026 8 days |  | linux/amd64 linux/arm64 | 4 |
    ");
    insta::assert_snapshot!(told("held"), @"db | a migration | 31 Jan 2027 |");
    insta::assert_snapshot!(told("drifts"), @"
    registry.example.com/acme/db | 15 | old/Dockerfile:1:6 |
    registry.example.com/acme/db | 16 | compose.yaml:3:12 |
    ");
    insta::assert_snapshot!(told("places"), @"
    compose.yaml:3:12 | registry.example.com/acme/db:16 | db | compose | nothing | @acme/all |
    compose.yaml:5:12 | redis:8 | in no lock | compose | nothing | @acme/all |
    old/Dockerfile:1:6 | registry.example.com/acme/db:15 | in no lock | dockerfile | nothing | @acme/all |
    ");
    insta::assert_snapshot!(told("uses"), @"
    db | compose.yaml line 3 | compose | nothing | @acme/all |
    db | policy.json | buildkit | buildkit | @acme/all |
    web | policy.json | buildkit | buildkit | @acme/all |
    web | services/pay/Dockerfile line 1 | dockerfile | dockerfile | @acme/all |
    web | services/shop/Dockerfile lines 1, 2 | dockerfile | dockerfile | @acme/shop |
    ");
    assert!(page.contains("href=\"https://github.com/acme/web\"") && !page.contains("git@example.com"), "{page}");
}

#[test]
fn the_same_gives_the_same_bytes_and_leaves_the_file_alone() {
    let (_registry, repo) = stage();
    let page = report(&repo, &[]);
    let again = repo.imagelock(["report", "page.html"].iter().chain(&AS_OF)).success();
    assert!(again.stderr.contains("Fresh page.html"), "{}", again.stderr);
    // What the page says is told from the project on, and counts to the end of the day.
    repo.write("deep/er/.keep", "");
    let morning = ["report", "../page.html", "--as-of", "2026-11-28T06:00:00Z", "--format", "json"];
    let mut command = repo.command(imagelock_tests::binary());
    let output = command.args(morning).current_dir(repo.path("deep")).output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document, json!({ "path": "../page.html", "state": "fresh", "warnings": [] }));
    assert_eq!(repo.read("page.html"), page);
    assert_ne!(report(&repo, &["--title", "Shop"]), page);
}

#[test]
fn what_other_commands_printed_is_told_and_what_does_not_fit_the_lock_is_marked() {
    let (registry, repo) = stage();
    registry.push("acme/web:1", &image("1.4.1", "https://github.com/acme/web", "2026-11-23T06:00:00Z"));
    let outdated = repo.imagelock(["outdated", "--format", "json"].iter().chain(&AS_OF)).success();
    repo.write("outdated.json", &outdated.stdout);
    let page = report(&repo, &["--outdated", "outdated.json"]);
    insta::assert_snapshot!(rows(&page, "outdated").join("\n"), @"web | 1.4.0 | 1.4.1 | 1.4.1 | patch | 8 | may be taken |");
    repo.write("old.lock", repo.read("images.lock"));
    repo.imagelock(["update"]).success();
    let brought = repo.imagelock(["diff", "old.lock", "images.lock", "--format", "json"]).success();
    repo.write("brought.json", &brought.stdout);
    let page = report(&repo, &["--diff", "brought.json"]);
    let digests = regex::Regex::new("sha256:[0-9a-f]{64}").unwrap();
    let brought = rows(&page, "differences").join("\n").replace(registry.host(), "registry.example.com");
    insta::assert_snapshot!(digests.replace_all(&brought, "sha256:…"), @"
    web |  | image | registry.example.com/acme/web:1@sha256:… | registry.example.com/acme/web:1@sha256:… |  |
    web | linux/amd64 | content |  |  |  |
    web | linux/amd64 | label org.opencontainers.image.source | https://github.com/acme/web.git | https://github.com/acme/web |  |
    web | linux/amd64 | label org.opencontainers.image.version | 1.4.0 | 1.4.1 |  |
    web | linux/arm64 | content |  |  |  |
    web | linux/arm64 | label org.opencontainers.image.source | https://github.com/acme/web.git | https://github.com/acme/web |  |
    web | linux/arm64 | label org.opencontainers.image.version | 1.4.0 | 1.4.1 |  |
    ");
    let page = report(&repo, &["--outdated", "outdated.json"]);
    assert!(page.contains("1 of these rows are about other digests"), "{page}");
    let diff = json!({ "images": [{ "name": "web", "from": "1.4.0", "to": "1.4.1", "platforms": { "linux/amd64": {
        "verdict": "content", "config": [], "packages": { "added": [], "removed": [], "changed": [
            { "purl": "pkg:apk/alpine/openssl", "from": "3.3.2-r1", "to": "3.3.2-r2" }] },
        "advisories": { "fixed": [{ "id": "CVE-2026-1234", "package": "openssl", "fixed": "3.3.2-r2" }] } } } }] });
    repo.write("diff.json", diff.to_string());
    let page = report(&repo, &["--diff", "diff.json"]);
    insta::assert_snapshot!(rows(&page, "differences").join("\n"), @"
    web |  | image | 1.4.0 | 1.4.1 |  |
    web | linux/amd64 | content |  |  |  |
    web | linux/amd64 | openssl |  | 3.3.2-r2 | fixes CVE-2026-1234 |
    web | linux/amd64 | pkg:apk/alpine/openssl | 3.3.2-r1 | 3.3.2-r2 |  |
    ");
}

#[test]
fn a_document_that_is_none_is_named_and_nothing_is_written() {
    let (_registry, repo) = stage();
    repo.write("list.json", "[]");
    for (arguments, said) in [
        (["--outdated", "list.json"], "`list.json` is not what `outdated --format json` prints"),
        (["--diff", "list.json"], "`list.json` is not what `diff --format json` prints"),
        (["--diff", "nothing.json"], "cannot read `nothing.json`: there is no such file"),
    ] {
        let output = repo.imagelock(["report", "page.html"].iter().chain(&arguments)).exit(2);
        assert!(output.stderr.contains(said), "{}", output.stderr);
    }
    assert!(!repo.path("page.html").exists());
}

#[test]
fn a_page_takes_the_place_of_no_other_file() {
    let (_registry, repo) = stage();
    repo.write("mine.html", "<p>mine</p>\n");
    repo.write(".git/HEAD", "ref: refs/heads/main\n");
    repo.write("../elsewhere/x", "");
    std::fs::create_dir_all(repo.path("folder.html")).unwrap();
    symlink("../elsewhere", repo.path("out")).unwrap();
    for path in [
        "mine.html",
        ".git/page.html",
        ".GIT/page.html",
        "images.lock",
        "IMAGES.TOML",
        ".gitlab-ci.html",
        ".gitattributes",
        ".github/workflows/page.html",
        "folder.html",
        "out/page.html",
        "compose.yaml",
        "..",
        "/",
    ] {
        let before = std::fs::read(repo.path(path)).ok();
        repo.imagelock(["report", path]).exit(2);
        assert_eq!(std::fs::read(repo.path(path)).ok(), before, "{path}");
    }
    assert!(!repo.path("../elsewhere/page.html").exists());
    repo.imagelock(["report", "new/folder/page.html"]).success();
    repo.imagelock(["report", "../elsewhere/page.html"]).success();
}

/// What would do something where markup got through: it sets `hit`, or asks somebody.
const HOSTILE: &str =
    "<img src=x onerror=\"window.hit=1\">'\"--></td></script><script>window.hit=2</script>\u{202e}<svg onload=hit=3>";

/// A repository in which everybody who can write something wrote that.
fn hostile() -> (Registry, Monorepo) {
    let registry = Registry::start().unwrap();
    let image = image(HOSTILE, "javascript:window.hit=4//example.com/x", "2026-11-20T06:00:00Z");
    registry.push("acme/web:1", &image.label("org.opencontainers.image.base.name", HOSTILE));
    let toml = format!(
        "[images]\nweb = {{ repository = '{}/acme/web', tag = '1', hold = '''{HOSTILE}''' }}\n",
        registry.host()
    );
    let folder = "\"><img src=x onerror=hit=5>";
    let owners = "* @\"><img/src=x/onerror=hit=6>\n";
    let repo = Monorepo::builder()
        .file("images.toml", toml)
        .file(format!("{folder}/Dockerfile"), format!("FROM {}/acme/web:1\n", registry.host()))
        .file(".github/CODEOWNERS", owners)
        .build();
    repo.imagelock(["lock"]).success();
    let behind = json!({ "name": HOSTILE, "latest": { "tag": HOSTILE, "version": HOSTILE }, "level": HOSTILE,
        "direction": HOSTILE, "state": HOSTILE, "reasons": [{ "words": HOSTILE }], "approve": HOSTILE,
        "current": { "digest": HOSTILE, "tag": HOSTILE }, "allowed": { "tag": HOSTILE } });
    let again = json!({ "name": HOSTILE, "tag": HOSTILE });
    let outdated = json!({ "outdated": [behind], "fresh": 0, "pushedAgain": [again] });
    repo.write("outdated.json", outdated.to_string());
    let package = json!({ "purl": HOSTILE, "from": HOSTILE, "to": HOSTILE });
    let fault = json!({ "id": HOSTILE, "package": HOSTILE, "fixed": HOSTILE });
    let platform = json!({ "verdict": HOSTILE, "config": [HOSTILE, { "field": HOSTILE, "from": HOSTILE }],
        "advisories": { "fixed": [fault], "introduced": [fault] },
        "packages": { "added": [package], "removed": [package], "changed": [package] } });
    let diff = json!({ "images": [{ "name": HOSTILE, "from": HOSTILE, "to": { "tag": HOSTILE }, "platforms": { HOSTILE: platform } }] });
    repo.write("diff.json", diff.to_string());
    report(&repo, &["--outdated", "outdated.json", "--diff", "diff.json", "--title", HOSTILE]);
    (registry, repo)
}

#[test]
fn what_strangers_wrote_is_text_in_the_page() {
    let (_registry, repo) = hostile();
    let page = repo.read("page.html");
    assert_eq!(
        (page.matches("<script").count(), page.matches("<img").count(), page.matches("<svg ").count()),
        (1, 0, 8)
    );
    assert!(!page.contains("javascript:") && !page.contains('\u{202e}'), "{page}");
    assert!(page.matches("&lt;img src=x onerror=&quot;window.hit=1&quot;&gt;").count() > 20);
}

#[test]
fn what_strangers_wrote_does_nothing_in_a_browser() {
    let program = need!("chromium");
    let (_registry, repo) = hostile();
    let mut browser = Chromium::start(&program);
    let url = format!("file://{}", repo.path("page.html"));
    browser.open(&format!("{url}#q=%3Cimg"));
    assert_eq!(browser.value("window.hit === undefined && document.images.length === 0"), json!(true));
    assert_eq!(browser.value("document.scripts.length"), json!(1));
    let links = browser.value("[...document.links].map((link) => link.protocol).filter((it) => it !== 'file:').length");
    assert_eq!(links, json!(0));
    // What was drawn is text as well, and every name in it.
    assert_eq!(browser.value("document.querySelectorAll('#drawn svg a').length"), json!(3));
    assert_eq!(browser.value("document.querySelectorAll('#drawn :is(img, script, foreignObject)').length"), json!(0));
    assert_eq!((browser.complaints(), browser.requests().len()), (Vec::new(), 1));
}

#[test]
fn a_browser_shows_the_numbers_of_list_and_searches_sorts_and_draws() {
    let program = need!("chromium");
    let (_registry, repo) = stage();
    report(&repo, &[]);
    let listed: Value = serde_json::from_str(&repo.imagelock(["list", "--format", "json"]).success().stdout).unwrap();
    let mut browser = Chromium::start(&program);
    browser.resize(1280, 900);
    let url = format!("file://{}", repo.path("page.html"));
    browser.open(&url);

    let shown = browser.value(
        "[...document.querySelectorAll('#images tbody tr')].map((row) => [row.cells[0].querySelector('a').textContent, \
         row.querySelector('[data-digest]').dataset.digest, row.cells[6].textContent.split(' ').length, Number(row.cells[7].textContent)])",
    );
    let expected: Vec<Value> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|image| {
            let platforms = image["platforms"].as_object().unwrap().len();
            json!([image["name"], image["digest"], platforms, image["usedBy"].as_array().unwrap().len()])
        })
        .collect();
    assert_eq!(shown, json!(expected));
    assert_eq!(browser.value("Number(document.getElementById('number-images').textContent)"), json!(expected.len()));

    // Typed into the box, as a person does.
    let visible =
        "[...document.querySelectorAll('#uses tbody tr:not([hidden])')].map((row) => row.cells[1].dataset.name)";
    let all = browser.value(visible).as_array().unwrap().len();
    browser.value("document.getElementById('q').focus()");
    browser.call("Input.insertText", &json!({ "text": "web @acme/shop" }));
    assert_eq!(browser.value(visible), json!(["services/shop/Dockerfile"]));
    assert_eq!(browser.value("location.hash"), json!("#q=web%20%40acme%2Fshop"));
    let told = browser.value("document.getElementById('told').value");
    assert!(told.as_str().unwrap().ends_with("rows have web and @acme/shop"), "{told}");
    assert_eq!(browser.value("document.querySelectorAll('#drawn svg a').length"), json!(3));
    // A link to what was found opens it.
    browser.open("about:blank");
    browser.open(&format!("{url}#q=compose.yaml"));
    assert_eq!(browser.value(visible), json!(["compose.yaml"]));
    browser.value("document.getElementById('q').select()");
    browser
        .call("Input.dispatchKeyEvent", &json!({ "type": "keyDown", "key": "Backspace", "windowsVirtualKeyCode": 8 }));
    assert_eq!(browser.value(visible).as_array().unwrap().len(), all);

    let names =
        "[...document.querySelectorAll('#images tbody tr')].map((row) => row.cells[0].querySelector('a').textContent)";
    let created = "document.querySelectorAll('#images th button')[4]";
    assert_eq!(browser.value(names), json!(["db", "web"]));
    browser.value(&format!("{created}.click(); {created}.click()"));
    assert_eq!(browser.value(names), json!(["web", "db"]));
    assert_eq!(browser.value(&format!("{created}.parentNode.getAttribute('aria-sort')")), json!("descending"));
    assert_eq!((browser.complaints(), browser.requests()), (Vec::new(), vec![url]));
}

#[test]
fn the_page_fits_a_telephone_a_screen_and_paper_and_says_what_its_controls_are() {
    let program = need!("chromium");
    let (_registry, repo) = stage();
    report(&repo, &[]);
    let mut browser = Chromium::start(&program);
    browser.open(&format!("file://{}", repo.path("page.html")));
    for (width, scheme) in [(360, "light"), (360, "dark"), (1280, "light"), (1280, "dark")] {
        browser.resize(width, 900);
        let feature = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        browser.call("Emulation.setEmulatedMedia", &feature);
        let overflow = browser.value("document.documentElement.scrollWidth - innerWidth");
        assert_eq!(overflow, json!(0), "at {width}");
        let dark = browser.value("getComputedStyle(document.body).backgroundColor === 'rgb(16, 20, 26)'");
        assert_eq!(dark, json!(scheme == "dark"));
        let picture = browser.picture();
        assert!(picture.starts_with(b"\x89PNG"));
        // The width of the picture, by its header.
        assert_eq!(u32::from_be_bytes(picture[16..20].try_into().unwrap()), width);
    }
    let controls = browser.controls();
    let unnamed: Vec<_> = controls.iter().filter(|(_, name)| name.trim().is_empty()).collect();
    assert!(unnamed.is_empty(), "{unnamed:?}");
    for role in ["button", "link", "searchbox"] {
        assert!(controls.iter().any(|(it, _)| it == role), "no {role} in {controls:?}");
    }
    assert_eq!(browser.value("document.querySelectorAll('[id]').length === new Set([...document.querySelectorAll('[id]')].map((it) => it.id)).size"), json!(true));
    browser.call("Emulation.setEmulatedMedia", &json!({ "media": "print" }));
    assert_eq!(browser.value("getComputedStyle(document.getElementById('search')).display"), json!("none"));
    assert_eq!(browser.value("getComputedStyle(document.querySelector('#images')).display !== 'none'"), json!(true));
}

#[test]
fn a_long_table_is_shown_in_part_on_a_screen_and_whole_on_paper_and_once_somebody_asks() {
    let program = need!("chromium");
    let (_registry, repo) = stage();
    repo.write("many/Dockerfile", "FROM redis:8\n".repeat(310));
    report(&repo, &[]);
    let mut browser = Chromium::start(&program);
    browser.open(&format!("file://{}", repo.path("page.html")));
    let shown = "[...document.querySelectorAll('#places tbody tr')].filter((row) => row.offsetHeight > 0).length";
    let more = "[...document.querySelectorAll('button.more')].find((button) => !button.hidden)";
    assert_eq!(
        (browser.value(shown), browser.value(&format!("{more}.textContent"))),
        (json!(300), json!("Show 13 more"))
    );
    browser.call("Emulation.setEmulatedMedia", &json!({ "media": "print" }));
    assert_eq!(browser.value(shown), json!(313));
    browser.call("Emulation.setEmulatedMedia", &json!({ "media": "" }));
    // What is searched for is searched for in all of them.
    browser.value("location.hash = '#q=many/Dockerfile:309'");
    assert_eq!(browser.value(&format!("new Promise((done) => setTimeout(() => done({shown})))")), json!(1));
    browser.value(
        "document.getElementById('q').value = ''; document.getElementById('q').dispatchEvent(new Event('input'))",
    );
    browser.value(&format!("{more}.click()"));
    assert_eq!((browser.value(shown), browser.value(&format!("{more} === undefined"))), (json!(313), json!(true)));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
