//! What a project file says about updates, and what is said of one that is wrong.

use super::{check, read};

/// `name: updates cooldown role, held` of each image.
fn settings(text: &str) -> Vec<String> {
    let project = read(text);
    let said = project.images.iter().map(|(name, declared)| {
        let update = &declared.update;
        let updates = update.appetite.updates.map_or("all".to_owned(), |level| level.to_string());
        let cooldown = update.appetite.cooldown.map_or("-".to_owned(), |time| time.to_string());
        let hold = update.hold.as_ref().map(|hold| {
            let until = hold.until.map(|day| format!(" until {day}")).unwrap_or_default();
            format!(", held{until}: {}", hold.reason)
        });
        format!("{name}: {updates} {cooldown} {:?}{}", update.role, hold.unwrap_or_default())
    });
    said.collect()
}

#[test]
fn an_image_takes_from_the_defaults_what_it_does_not_say() {
    let text = r#"
[images]
redis = "redis:8"
go = { repository = "golang", tag = "1", role = "build" }
node = { repository = "node", role = "build", updates = "none", cooldown = "1w" }
nginx = { repository = "nginx", cooldown = "0d", hold = "1.29 drops a module", until = 2026-12-31 }
web = { layout = "web", hold = "x", until = "2027-01-01" }

[defaults]
updates = "patch"
cooldown = "3d"

[defaults.build]
updates = "major"
"#;
    assert_eq!(
        settings(text),
        [
            "go: major 3d Build",
            "nginx: patch 0d Run, held until 2026-12-31: 1.29 drops a module",
            "node: none 7d Build",
            "redis: patch 3d Run",
            "web: patch 3d Run, held until 2027-01-01: x",
        ]
    );
    assert_eq!(settings("[images]\nredis = \"redis:8\"\n"), ["redis: all - Run"]);
}

#[test]
fn what_is_said_about_updates_is_no_part_of_the_request() {
    let plain = "[images.redis]\nrepository = \"redis\"\n";
    let more = "updates = \"none\"\ncooldown = \"3d\"\nhold = \"x\"\nuntil = 2026-12-31\nrole = \"build\"\n";
    assert_eq!(super::requests(&format!("{plain}{more}")), super::requests(plain));
}

#[test]
fn a_level_a_time_and_a_role_that_are_none_are_underlined() {
    check(
        "[defaults]\nupdates = \"Minor\"\n\n[images.redis]\nrepository = \"redis\"\ncooldown = \"3 days\"\nrole = \"run\"\n",
        r#"
`Minor` is no level: use `none`, `digest`, `patch`, `minor` or `major`
--> images.toml:2:12 "Minor"
`3 days` is no time to wait: write hours, days or weeks, as in `12h`, `3d` or `1w`, up to 3650d
--> images.toml:6:13 "3 days"
`run` is no role: write `role = "build"` for an image that only builds, and nothing for others
--> images.toml:7:9 "run"
"#,
    );
    check(
        "[images.redis]\nrepository = \"redis\"\ncooldown = 3\n",
        r#"
`cooldown` is a string, not an integer
--> images.toml:3:12 "3"
help: write it in quotes: `"3"`
"#,
    );
}

#[test]
fn a_hold_has_a_reason_and_a_day_has_a_hold() {
    check(
        "[images.redis]\nrepository = \"redis\"\nuntil = 2026-12-31\n",
        r#"
`until` needs `hold`
--> images.toml:3:9 "2026-12-31"
"#,
    );
    check(
        "[images.redis]\nrepository = \"redis\"\nhold = \" \"\n",
        r#"
`hold` says why the image stays where it is: write the reason
--> images.toml:3:9 " "
"#,
    );
    check(
        "[images.redis]\nrepository = \"redis\"\nhold = true\nuntil = \"soon\"\n",
        r#"
`hold` is a string, not a boolean
--> images.toml:3:8 "true"
`soon` is no day: write it as `2026-12-31`
--> images.toml:4:10 "soon"
"#,
    );
    check(
        "[images.redis]\nrepository = \"redis\"\nhold = \"x\"\nuntil = 2026-12-31T00:00:00Z\n",
        r#"
`2026-12-31T00:00:00Z` is no day: write it as `2026-12-31`
--> images.toml:4:9 "2026-12-31T00:00:00Z"
"#,
    );
    check(
        "[images.redis]\nrepository = \"redis\"\nhold = \"x\"\nuntil = 2026\n",
        r#"
`until` is a day, not an integer
--> images.toml:4:9 "2026"
"#,
    );
}

#[test]
fn defaults_hold_no_image_and_know_two_keys_for_builds() {
    check(
        "[defaults]\nhold = \"x\"\n\n[defaults.build]\nplatforms = []\nupdates = 1\n",
        r#"
unknown key `hold` in images.toml
--> images.toml:2:1 "hold"
help: the keys here are `attestations`, `build`, `cooldown`, `platforms`, `signatures`, `signed-as`, `threshold`, `tlog`, `updates`, `verify`
unknown key `platforms` in images.toml
--> images.toml:5:1 "platforms"
help: the keys here are `cooldown`, `updates`
`updates` is a string, not an integer
--> images.toml:6:11 "1"
help: write it in quotes: `"1"`
"#,
    );
    check(
        "[defaults]\nbuild = \"major\"\n",
        r#"
`[defaults.build]` is a table, not a string
--> images.toml:2:9 "\"major\""
"#,
    );
}

#[test]
fn ledgers_are_paths_from_the_project_file_on() {
    let ledgers = read("ledgers = [\"../platform/images.seen\", \"more.seen\"]\n").ledgers;
    let paths: Vec<&str> = ledgers.iter().map(|path| path.value.as_str()).collect();
    assert_eq!(paths, ["../platform/images.seen", "more.seen"]);
    check(
        "ledgers = [\"/etc/passwd\"]\n",
        r#"
a ledger is a path from this file on, as in `../platform/images.seen`
--> images.toml:1:13 "/etc/passwd"
"#,
    );
}
