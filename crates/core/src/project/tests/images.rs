//! What is wrong with an image, and what is said of it.

use super::{check, read};

#[test]
fn a_misspelt_key_of_an_image_is_underlined_with_the_key_that_was_meant() {
    check(
        "[images.nightly]\nrepository = \"ghcr.io/acme/nightly\"\nplatform = [\"linux/amd64\"]\n",
        r#"
unknown key `platform` in images.toml
--> images.toml:3:1 "platform" did you mean `platforms`?
"#,
    );
    check(
        "[images.redis]\nrepositry = \"redis\"\n",
        r#"
unknown key `repositry` in images.toml
--> images.toml:2:1 "repositry" did you mean `repository`?
"#,
    );
    check(
        "[images]\nredis = { repository = \"redis\", Tag = \"8\" }\n",
        r#"
unknown key `Tag` in images.toml
--> images.toml:2:33 "Tag" did you mean `tag`?
"#,
    );
    check(
        "[images]\nredis.repository = \"redis\"\nredis.tagg = \"8\"\n",
        r#"
unknown key `tagg` in images.toml
--> images.toml:3:7 "tagg" did you mean `tag`?
"#,
    );
}

#[test]
fn a_strange_key_of_an_image_is_shown_with_those_that_there_are() {
    check(
        "[images.redis]\nrepository = \"redis\"\nchannel = \"stable\"\n",
        r#"
unknown key `channel` in images.toml
--> images.toml:3:1 "channel"
help: the keys here are `attestations`, `cooldown`, `dialect`, `digest`, `exclude`, `hold`, `labels`, `layout`, `limit`, `platforms`, `prerelease`, `repository`, `role`, `scheme`, `select`, `signatures`, `signed-as`, `tag`, `tags`, `threshold`, `tlog`, `until`, `updates`, `verify`, `version`, `widen`
"#,
    );
}

#[test]
fn a_table_needs_to_say_which_image_it_is() {
    check(
        "[images.redis]\n",
        r#"
`[images.redis]` needs `repository`
--> images.toml:1:9 "redis"
"#,
    );
    check(
        "[images.redis]\ntag = \"8\"\n",
        r#"
`[images.redis]` needs `repository`
--> images.toml:1:9 "redis"
"#,
    );
    check(
        "[images]\nredis = {}\n",
        r#"
`[images.redis]` needs `repository`
--> images.toml:2:1 "redis"
"#,
    );
}

#[test]
fn an_image_has_the_labels_that_it_is_given_and_a_request_has_none() {
    let project = read("[images]\na = \"a\"\nb = { repository = \"b\", labels = [\"team-a\", \"shop\", \"shop\"] }\n");
    let labels = |name: &str| {
        project.images[&name.parse::<crate::ImageName>().unwrap()].labels.iter().cloned().collect::<Vec<_>>()
    };
    assert_eq!((labels("a"), labels("b")), (Vec::new(), vec!["shop".to_owned(), "team-a".to_owned()]));
    check(
        "[images.b]\nrepository = \"b\"\nlabels = [\"\"]\n",
        r#"
a label is a name: a team's, a product's
--> images.toml:3:12 ""
"#,
    );
}

#[test]
fn keys_that_exclude_each_other_are_both_shown() {
    check(
        "[images.a]\nrepository = \"a\"\nlayout = \"b\"\n",
        r#"
`repository` and `layout` exclude each other
--> images.toml:3:11 "b"
::: images.toml:2:15 "a" the other one
"#,
    );
    check(
        "[images.a]\nrepository = \"a\"\ntag = \"1\"\nversion = \"1\"\n",
        r#"
`tag` and `version` exclude each other
--> images.toml:4:12 "1"
::: images.toml:3:8 "1" the other one
"#,
    );
    check(
        "[images.a]\nrepository = \"a\"\ntag = \"1\"\ntags = \"(?<version>.*)\"\n",
        r#"
`tag` and `tags` exclude each other
--> images.toml:4:9 "(?<version>.*)"
::: images.toml:3:8 "1" the other one
"#,
    );
    check(
        "[images.a]\nrepository = \"a\"\nversion = \"1\"\ndigest = \"sha256:0000000000000000000000000000000000000000000000000000000000000000\"\n",
        r#"
`digest` and `version` exclude each other
--> images.toml:3:12 "1"
::: images.toml:4:11 "sha256:0000000000000000000000000000000000000000000000000000000000000000" the other one
"#,
    );
    check(
        "[images.a]\nlayout = \"a\"\nversion = \"1\"\n",
        r#"
`layout` and `version` exclude each other
--> images.toml:3:12 "1"
::: images.toml:2:11 "a" the other one
"#,
    );
    check(
        "[images.a]\nlayout = \"a\"\ndigest = \"sha256:0000000000000000000000000000000000000000000000000000000000000000\"\n",
        r#"
`layout` and `digest` exclude each other
--> images.toml:3:11 "sha256:0000000000000000000000000000000000000000000000000000000000000000"
::: images.toml:2:11 "a" the other one
"#,
    );
}

#[test]
fn a_repository_with_a_tag_is_told_apart() {
    check(
        "[images.a]\nrepository = \"redis:8\"\n",
        r#"
tag and digest have keys of their own: write `redis` and `tag = "8"`
--> images.toml:2:15 "redis:8"
"#,
    );
    check(
        "[images.a]\nrepository = \"ghcr.io/a/b:8@sha256:0000000000000000000000000000000000000000000000000000000000000000\"\n",
        r#"
tag and digest have keys of their own: write `ghcr.io/a/b` and `tag = "8"` and `digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000"`
--> images.toml:2:15 "ghcr.io/a/b:8@sha256:0000000000000000000000000000000000000000000000000000000000000000"
"#,
    );
    check(
        "[images.a]\nrepository = \"ghcr.io/A/b\"\n",
        r#"
a repository is lower-case: did you mean `ghcr.io/a/b`?
--> images.toml:2:23 "A/b"
"#,
    );
}

#[test]
fn the_parts_of_an_image_are_checked_one_by_one() {
    check(
        "[images.Redis]\nrepository = \"Redis\"\ntag = \"a b\"\ndigest = \"sha256:0\"\nplatforms = [\"linux\"]\n",
        r#"
an image is named with lower-case letters and digits, joined by `.`, `_` or `-`: try `redis`
--> images.toml:1:9 "Redis"
"#,
    );
    check(
        "[images.redis]\nrepository = \"Redis\"\ntag = \"a b\"\ndigest = \"sha256:0\"\nplatforms = [\"linux\", \"unknown/unknown\", \"Linux/amd64\"]\n",
        r#"
a repository is lower-case: did you mean `redis`?
--> images.toml:2:15 "Redis"
`a b` is not a tag: letters, digits, `_`, `.` and `-` are, and `.` and `-` do not come first
--> images.toml:3:8 "a b"
a sha256 digest has 64 hexadecimal digits, this one has 1
--> images.toml:4:11 "sha256:0"
a platform is `os/architecture` or `os/architecture/variant`, as in `linux/arm64` or `linux/arm/v7`
--> images.toml:5:15 "linux"
`unknown` marks attestations in an index, it is not a platform
--> images.toml:5:24 "unknown/unknown"
`Linux` is not part of a platform: lower-case letters, digits, `.`, `_` and `-` are
--> images.toml:5:43 "Linux/amd64"
"#,
    );
    check(
        "[images.redis]\nrepository = \"redis\"\nplatforms = []\n",
        r#"
`platforms` names none: without the key, an image is locked with every platform that it has
--> images.toml:3:13 "[]"
"#,
    );
}

#[test]
fn a_name_that_is_none_is_shown_with_one_that_would_do() {
    check(
        "[images]\nRedis = \"redis\"\n",
        r#"
an image is named with lower-case letters and digits, joined by `.`, `_` or `-`: try `redis`
--> images.toml:2:1 "Redis"
"#,
    );
    check(
        "[images]\n\"my image\" = \"redis\"\n",
        r#"
an image is named with lower-case letters and digits, joined by `.`, `_` or `-`: try `my-image`
--> images.toml:2:1 "\"my image\""
"#,
    );
    check(
        "[images]\n\"\" = \"redis\"\n",
        r#"
the name of an image is not empty
--> images.toml:2:1 "\"\""
"#,
    );
    check(
        "[images]\n\"é\" = \"redis\"\n",
        r#"
an image is named with lower-case letters and digits, joined by `.`, `_` or `-`
--> images.toml:2:1 "\"é\""
"#,
    );
}

#[test]
fn a_name_with_a_dot_and_no_quotes_is_recognised() {
    check(
        "[images.node.js]\nrepository = \"node\"\n",
        r#"
a name with a dot in it is written in quotes: `"node.js"`
--> images.toml:1:9 "node.js"
"#,
    );
    check(
        "[images]\npython3.12 = \"python:3.12\"\n",
        r#"
a name with a dot in it is written in quotes: `"python3.12"`
--> images.toml:2:1 "python3.12"
"#,
    );
    check(
        "[images]\na.b.c = \"a\"\n",
        r#"
a name with a dot in it is written in quotes: `"a.b"`
--> images.toml:2:1 "a.b"
"#,
    );
}

#[test]
fn an_image_twice_in_one_file_shows_both_places() {
    check(
        "[images]\nredis = \"redis:7\"\nstatic = \"a\"\nredis = \"redis:8\"\n",
        r#"
image `redis` is declared twice
--> images.toml:4:1 "redis" again here
::: images.toml:2:1 "redis" first here
"#,
    );
    check(
        "[images.redis]\nrepository = \"redis\"\n\n[images.redis]\nrepository = \"redis\"\n",
        r#"
image `redis` is declared twice
--> images.toml:4:9 "redis" again here
::: images.toml:1:9 "redis" first here
"#,
    );
    check(
        "[images]\nredis = \"redis\"\n\n[images.redis]\nrepository = \"redis\"\n",
        r#"
image `redis` is declared twice
--> images.toml:4:9 "redis" again here
::: images.toml:2:1 "redis" first here
"#,
    );
    check(
        "images.redis = \"redis\"\nimages.\"redis\" = \"redis\"\n",
        r#"
image `redis` is declared twice
--> images.toml:2:8 "\"redis\"" again here
::: images.toml:1:8 "redis" first here
"#,
    );
}
