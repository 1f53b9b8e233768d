//! `--format json`: one document a run, and the one that `docs/json.md` shows.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use camino::Utf8Path;
use imagelock_testkit::{Image, Registry};
use imagelock_tests::Monorepo;

/// The document that the page shows for a command.
fn documented(page: &str, command: &str) -> String {
    let shown = format!("```console\n$ imagelock {command}\n```\n```json\n");
    let start = page.find(&shown).unwrap_or_else(|| panic!("docs/json.md does not show `{command}`")) + shown.len();
    page[start..start + page[start..].find("```").unwrap()].to_owned()
}

fn web(version: &str, created: &str) -> Image {
    Image::linux(["amd64"])
        .seed(version)
        .created(created)
        .label("org.opencontainers.image.version", version)
        .label("org.opencontainers.image.source", "https://example.com/acme/web")
}

/// Runs each command of the page in the order of the page, and compares what it prints with what the page shows.
struct Reader {
    page: String,
    registry: Registry,
    mirror: Registry,
    repo: Monorepo,
    differs: Vec<String>,
}

impl Reader {
    fn runs(&mut self, command: &str, exit: i32) {
        let own = command.replace("mirror.example.com", self.mirror.host());
        let output = self.repo.imagelock(own.split(' ')).exit(exit);
        let document: serde_json::Value = serde_json::from_str(&output.stdout)
            .unwrap_or_else(|error| panic!("`{command}` does not print one document: {error}\n{}", output.stdout));
        assert!(document.is_array() || document.is_object());
        let host = self.registry.host();
        let text =
            output.stdout.replace(host, "registry.example.com").replace(self.mirror.host(), "mirror.example.com");
        // Below a mirror, a host with a port is written as a repository can be.
        let text = text.replace(&host.replace(':', "-"), "registry.example.com");
        let shown =
            regex::Regex::new("(sha256:[0-9a-f]{12})[0-9a-f]{52}").unwrap().replace_all(&text, "$1…").into_owned();
        if shown != documented(&self.page, command) {
            self.differs.push(format!("$ imagelock {command}\n{shown}"));
        }
    }
}

#[test]
fn every_document_is_the_one_that_the_page_shows() {
    let page = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/json.md");
    let page = std::fs::read_to_string(page).unwrap();
    let registry = Registry::start().unwrap();
    registry.push("acme/web:1", &web("1.4.0", "2026-11-20T06:00:00Z"));
    let toml = format!(
        "[images]\nweb = \"{}/acme/web:1\"\n\n[[buildkit]]\noutput = \"build/source-policy.json\"\n",
        registry.host()
    );
    let repo = Monorepo::builder().file("images.toml", &toml).build();
    let mirror = Registry::start().unwrap();
    let mut reader = Reader { page, registry, mirror, repo, differs: Vec::new() };

    reader.repo.write("Dockerfile", "FROM redis:8\n");
    reader.runs("scan Dockerfile --format json", 0);
    reader.runs("lock --format json", 0);
    reader.registry.push("acme/web:1", &web("1.4.1", "2026-11-23T06:00:00Z"));
    reader.runs("update --dry-run --format json", 0);
    reader.runs("list --format json", 0);
    reader.runs("why web --format json", 0);
    reader.runs("compare web :1 --format json", 0);
    reader.runs("diff web :1 --format json", 0);
    reader.runs("inspect web --format json", 0);
    reader.runs("render --format json", 0);
    let policy = reader.repo.read("build/source-policy.json");
    reader.repo.write("build/source-policy.json", policy.replace("acme", "other"));
    reader.runs("render --check --format json", 1);
    reader.runs("check --format json", 1);
    reader.runs("pull layout --format json", 0);
    reader.runs("mirror mirror.example.com/corp --format json", 0);
    let digest = serde_json::from_str::<serde_json::Value>(&reader.repo.read("images.lock")).unwrap();
    let digest = digest["images"]["web"]["digest"].as_str().unwrap().to_owned();
    reader.registry.delete_manifest("acme/web", &digest);
    reader.runs("verify --format json", 1);
    reader.repo.write("images.toml", toml.replace("web = ", "site = "));
    reader.runs("lock --locked --format json", 1);
    reader.repo.write("images.toml", &toml);
    reader.registry.delete_tag("acme/web", "1");
    reader.runs("update --format json", 3);
    for (tag, version) in [("1.4.0", "1.4.0"), ("1.4.1", "1.4.1"), ("latest", "1.4.1")] {
        reader.registry.push(&format!("acme/web:{tag}"), &web(version, "2026-11-20T06:00:00Z"));
    }
    let rule = format!("[images.web]\nrepository = \"{}/acme/web\"\nversion = \"1\"\n", reader.registry.host());
    reader.repo.write("images.toml", rule);
    reader.runs("explain web --format json", 0);
    reader.repo.imagelock(["lock"]).success();
    reader.runs("aliases web --format json", 0);

    assert!(reader.differs.is_empty(), "docs/json.md shows other documents than these:\n{}", reader.differs.join("\n"));
}
