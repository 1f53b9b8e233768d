//! What is generated for Earthly, read by EarthBuild's own `earth`, where somebody has installed it: no package registry
//! has it. That another parser reads it back is tested in the adapter's crate, everywhere.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::collections::BTreeMap;

use camino::Utf8Path;
use imagelock_testkit::{Image, Registry};
use imagelock_tests::{Monorepo, need};

/// What `earth debug ast` says of a file: by target, its documentation and what it is from.
fn ast(repo: &Monorepo, earth: &Utf8Path, file: &str) -> BTreeMap<String, (String, String)> {
    let printed = repo.run(earth, ["debug", "ast", file]).success().stdout;
    let ast: serde_json::Value = serde_json::from_str(printed.trim()).unwrap();
    let target = |target: &serde_json::Value| {
        let command = target["recipe"].as_array().unwrap().iter().map(|statement| &statement["command"]);
        let from = command.into_iter().find(|command| command["name"] == "FROM").unwrap();
        let words = from["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
        let from = words.collect::<Vec<_>>().join(" ");
        let docs = target["docs"].as_str().unwrap_or_default().trim_end().to_owned();
        (target["name"].as_str().unwrap().to_owned(), (docs, from))
    };
    ast["targets"].as_array().unwrap().iter().map(target).collect()
}

#[test]
fn earth_reads_back_what_is_generated() {
    let earth = need!("earth");
    let registry = Registry::start().unwrap();
    // What a publisher writes stands in comments, and may try to end them.
    let hostile = ["1.0\nRUN evil", "1.0 \\", "# x", "\"", "${HOME}", "$(id)", "+all", "a:\n    FROM evil"];
    let mut toml = "[images]\n".to_owned();
    for (number, version) in hostile.iter().enumerate() {
        let image = Image::linux(["amd64"])
            .created("2026-11-20T06:00:00Z")
            .seed(&number.to_string())
            .label("org.opencontainers.image.version", version);
        registry.push(&format!("acme/web_{number}--x:1.{number}"), &image);
        toml.push_str(&format!("web_{number} = \"{}/acme/web_{number}--x:1.{number}\"\n", registry.host()));
    }
    let repo = Monorepo::builder()
        .file("images.toml", format!("{toml}\n[[earthly]]\noutput = \"images/Earthfile\"\n"))
        .file(
            "app/Earthfile",
            "VERSION 0.8\nIMPORT ../images AS images\nFROM images+web-0\nbuild:\n    FROM images+web-1\n",
        )
        .build();
    repo.imagelock(["lock"]).success();
    repo.imagelock(["render"]).success();
    let lock: serde_json::Value = serde_json::from_str(&repo.read("images.lock")).unwrap();

    let targets = ast(&repo, &earth, "images/Earthfile");
    assert_eq!(targets.len(), hostile.len(), "{targets:?}");
    for number in 0..hostile.len() {
        let (docs, from) = &targets[&format!("web-{number}")];
        let reference = format!("{}/acme/web_{number}--x:1.{number}", registry.host());
        let digest = lock["images"][format!("web_{number}")]["digest"].as_str().unwrap();
        assert_eq!(from, &format!("{reference}@{digest}"));
        // Documentation is shown of a comment that starts with the target's name.
        assert!(docs.starts_with(&format!("web-{number} is {reference}, version ")), "{docs}");
        assert!(docs.ends_with("created 20 Nov 2026") && docs.lines().count() == 1, "{docs}");
    }
    let listed = repo.run(&earth, ["ls", "./images"]).success().stdout;
    let listed: Vec<&str> = listed.lines().filter(|line| *line != "+base").collect();
    assert_eq!(listed, targets.keys().map(|name| format!("+{name}")).collect::<Vec<_>>());
    assert_eq!(ast(&repo, &earth, "app/Earthfile")["build"].1, "images+web-1");
}

#[test]
fn earth_reads_the_pins_in_place_and_the_example() {
    let earth = need!("earth");
    let registry = Registry::start().unwrap();
    let digest = registry.push("acme/db:16", &Image::linux(["amd64"]));
    let host = registry.host();
    let earthfile = format!(
        "VERSION 0.8\nit:\n    FROM {host}/acme/db:16 # kept\n    WITH DOCKER \\\n        # imagelock: db\n        \
         --pull {host}/acme/db:15\n        RUN docker run {host}/acme/db:16\n    END\n"
    );
    let repo = Monorepo::builder()
        .file("images.toml", format!("[images]\ndb = \"{host}/acme/db:16\"\n\n[[earthly]]\nedit = [\"Earthfile\"]\n"))
        .file("Earthfile", &earthfile)
        .build();
    repo.imagelock(["lock"]).success();
    repo.imagelock(["render"]).success();
    let pin = format!("{host}/acme/db:16@{digest}");
    assert_eq!(ast(&repo, &earth, "Earthfile")["it"].1, pin);
    let printed = repo.run(&earth, ["debug", "ast", "Earthfile"]).success().stdout;
    assert!(printed.contains(&format!("\"args\":[\"--pull\",\"{pin}\"]")), "{printed}");

    let example = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("examples/monorepo");
    let images = ast(&repo, &earth, example.join("images/Earthfile").as_str());
    let job = ast(&repo, &earth, example.join("services/jobs/Earthfile").as_str());
    let target = job["build"].1.strip_prefix("images+").unwrap();
    assert!(images.contains_key(target), "{images:?}");
}
