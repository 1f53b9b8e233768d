//! What is wrong with a file or with its other tables, and what is said of it.

use super::check;

#[test]
fn what_is_no_toml_is_shown_where_it_stops() {
    check(
        "[images\n",
        r#"
images.toml is not TOML: unclosed table, expected `]`
--> images.toml:1:8 ""
"#,
    );
    check(
        "[images]\nredis: \"redis\"\n",
        r#"
images.toml is not TOML: key with no value, expected `=`
--> images.toml:2:8 ""
"#,
    );
    check(
        "[images]\nredis = redis:8\n",
        r#"
images.toml is not TOML: string values must be quoted, expected literal string
--> images.toml:2:9 "redis:8"
"#,
    );
    check(
        "[images]\nredis = \"redis\n",
        r#"
images.toml is not TOML: invalid basic string, expected `"`
--> images.toml:2:15 ""
"#,
    );
    check(
        "[images]\nredis =\n",
        r#"
images.toml is not TOML: string values must be quoted, expected literal string
--> images.toml:2:8 ""
"#,
    );
    check(
        "x = \"\\q\"\n",
        r#"
images.toml is not TOML: missing escaped value, expected `b`, `e`, `f`, `n`, `r`, `\`, `"`, `x`, `u`, `U`
--> images.toml:1:7 ""
"#,
    );
    check(
        "[images]\n[images]\n",
        r#"
images.toml is not TOML: duplicate key
--> images.toml:2:2 "images"
"#,
    );
    check(
        "[defaults]\nplatforms = []\nplatforms = []\n",
        r#"
images.toml is not TOML: duplicate key
--> images.toml:3:1 "platforms"
"#,
    );
    check(
        "{\"images\": {}}\n",
        r#"
images.toml is not TOML: invalid key-value pair, expected key
--> images.toml:1:1 ""
"#,
    );
    check(
        "images:\n  redis: redis:8\n",
        r#"
images.toml is not TOML: key with no value, expected `=`
--> images.toml:1:8 ""
"#,
    );
}

#[test]
fn a_misspelt_table_is_shown_with_the_one_that_was_meant() {
    check(
        "[image]\nredis = \"redis\"\n",
        r#"
unknown key `image` in images.toml
--> images.toml:1:2 "image" did you mean `images`?
"#,
    );
    check(
        "[default]\nplatforms = [\"linux/amd64\"]\n",
        r#"
unknown key `default` in images.toml
--> images.toml:1:2 "default" did you mean `defaults`?
"#,
    );
    check(
        "[registry.\"docker.io\"]\n",
        r#"
unknown key `registry` in images.toml
--> images.toml:1:2 "registry" did you mean `registries`?
"#,
    );
    check(
        "[[helmm]]\nchart = \"x\"\n",
        r#"
unknown key `helmm` in images.toml
--> images.toml:1:3 "helmm" did you mean `helm`?
"#,
    );
    check(
        "[Images]\n",
        r#"
unknown key `Images` in images.toml
--> images.toml:1:2 "Images" did you mean `images`?
"#,
    );
    check(
        "[colours]\n",
        r#"
unknown key `colours` in images.toml
--> images.toml:1:2 "colours"
help: the keys here are `advisories`, `built`, `defaults`, `endoflife`, `extends`, `images`, `ledgers`, `registries`, `roots`, `scan`, `trust`, `helm`, `earthly`
"#,
    );
}

#[test]
fn an_image_outside_of_its_table_is_told_where_it_belongs() {
    check(
        "redis = \"redis:8\"\n",
        r#"
`redis` is outside of `[images]`, where images are declared
--> images.toml:1:1 "redis"
"#,
    );
    check(
        "[redis]\nrepository = \"redis\"\n",
        r#"
`redis` is outside of `[images]`, where images are declared
--> images.toml:1:2 "redis"
"#,
    );
}

#[test]
fn a_table_of_another_type_is_told() {
    check(
        "images = \"redis\"\n",
        r#"
`images` is a table, not a string
--> images.toml:1:10 "\"redis\""
"#,
    );
    check(
        "[[images]]\nname = \"redis\"\n",
        r#"
`images` is a table, not an array
--> images.toml:1:1 "[[images]]"
help: each image is a key of the one table: `[images.NAME]`
"#,
    );
    check(
        "defaults = 1\n",
        r#"
`[defaults]` is a table, not an integer
--> images.toml:1:12 "1"
"#,
    );
    check(
        "registries = []\n",
        r#"
`registries` is a table, not an array
--> images.toml:1:14 "[]"
"#,
    );
    check(
        "[helm]\nchart = \"x\"\n",
        r#"
targets are an array of tables: write `[[helm]]`
--> images.toml:1:2 "helm"
"#,
    );
    check(
        "helm = [\"x\"]\n",
        r#"
`helm` is a table, not a string
--> images.toml:1:9 "\"x\""
"#,
    );
    check(
        "helm = \"x\"\n",
        r#"
targets are an array of tables: write `[[helm]]`
--> images.toml:1:1 "helm"
"#,
    );
}

#[test]
fn defaults_are_checked() {
    check(
        "[defaults]\nplatforms = [\"linux/amd64\", \"linux/\"]\n",
        r#"
an empty text is not part of a platform: lower-case letters, digits, `.`, `_` and `-` are
--> images.toml:2:30 "linux/"
"#,
    );
    check(
        "[defaults]\nplatform = [\"linux/amd64\"]\n",
        r#"
unknown key `platform` in images.toml
--> images.toml:2:1 "platform" did you mean `platforms`?
"#,
    );
    check(
        "[defaults]\nplatforms = []\n",
        r#"
`platforms` names none: without the key, an image is locked with every platform that it has
--> images.toml:2:13 "[]"
"#,
    );
}

#[test]
fn registries_are_checked() {
    check(
        "[registries.docker.io]\nmirrors = [\"mirror.gcr.io\"]\n",
        r#"
a host with a dot in it is written in quotes: `[registries."docker.io"]`
--> images.toml:1:13 "docker.io"
"#,
    );
    check(
        "[registries.docker.io]\n",
        r#"
a host with a dot in it is written in quotes: `[registries."docker.io"]`
--> images.toml:1:13 "docker.io"
"#,
    );
    check(
        "[registries.\"https://docker.io\"]\n",
        r#"
there is no scheme here: leave out `https://`
--> images.toml:1:13 "\"https://docker.io\""
"#,
    );
    check(
        "[registries.\"docker.io\"]\nmirror = [\"a.b\"]\n",
        r#"
unknown key `mirror` in images.toml
--> images.toml:2:1 "mirror" did you mean `mirrors`?
"#,
    );
    check(
        "[registries.\"docker.io\"]\nmirrors = \"a.b\"\n",
        r#"
`mirrors` is an array of strings, not a string
--> images.toml:2:11 "\"a.b\""
help: write it in brackets: `["a.b"]`
"#,
    );
    check(
        "[registries.\"docker.io\"]\nmirrors = [\"https://mirror.gcr.io\"]\n",
        r#"
a registry is a host and a path here, without a scheme
--> images.toml:2:13 "https://mirror.gcr.io"
"#,
    );
    check(
        "[registries.\"docker.io\"]\nmirrors = [\"mirror.example.com/Hub\", \"a.b/\", \"ho_st/x\", 5]\n",
        r#"
a repository is lower-case: did you mean `hub`?
--> images.toml:2:32 "Hub"
`ho_st` is not a registry's host
--> images.toml:2:47 "ho_st"
`mirrors` is an array of strings, not an integer
--> images.toml:2:57 "5"
"#,
    );
    check(
        "[registries.\"docker.io\"]\nrewrite = \"mirror.example.com/a//b\"\n",
        r#"
an empty text is not part of a repository: lower-case letters and digits are, joined by `.`, `_`, `__` or `-`
--> images.toml:2:33 ""
"#,
    );
    check(
        "[registries.\"docker.io\"]\ninsecure = \"yes\"\nca = \"/etc/ssl/ca.pem\"\ntoken-hosts = [\"a b\"]\n\
         redirect-hosts = [\"*\", \"*.a_b\"]\n",
        r#"
`insecure` is a boolean, not a string
--> images.toml:2:12 "\"yes\""
`ca` is a path inside the repository, relative to the project file
--> images.toml:3:7 "/etc/ssl/ca.pem"
`a b` is not a registry's host
--> images.toml:4:17 "a b"
`*` is not a registry's host
--> images.toml:5:20 "*"
`a_b` is not a registry's host
--> images.toml:5:25 "*.a_b"
"#,
    );
    check(
        "[registries]\n\"docker.io\" = \"mirror.gcr.io\"\n",
        r#"
`[registries."docker.io"]` is a table, not a string
--> images.toml:2:15 "\"mirror.gcr.io\""
"#,
    );
    check(
        "[registries.\"docker.io\"]\n[registries.\"index.docker.io\"]\n",
        r#"
registry `index.docker.io` is set up twice
--> images.toml:2:13 "\"index.docker.io\""
"#,
    );
}

#[test]
fn what_scan_is_told_wrong_is_shown_with_its_place() {
    check(
        "[scan]\nexclud = [\"x\"]\nrule = { files = [] }\n",
        r#"
unknown key `exclud` in images.toml
--> images.toml:2:1 "exclud" did you mean `exclude`?
rules are an array of tables: write `[[scan.rule]]`
--> images.toml:3:1 "rule"
"#,
    );
    check(
        "[[scan.rule]]\nfiles = [\"*.conf\"]\npattern = 'image=(.*)'\n[[scan.rule]]\npattern = '(?<image>'\n",
        r#"
`pattern` needs a group `(?<image>…)`: it tells what of a match is the image
--> images.toml:3:12 "image=(.*)"
`[[scan.rule]]` needs `files`
--> images.toml:4:1 "[[scan.rule]]"
`pattern` is not a regular expression: unclosed group
--> images.toml:5:12 "(?<image>"
"#,
    );
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_move_no_place() {
    check(
        "\u{feff}[images]\r\nredis = \"Redis\"\r\n",
        r#"
a repository is lower-case: did you mean `redis`?
--> images.toml:2:10 "Redis"
"#,
    );
    check(
        "\u{feff}images.redis = \"Redis\"\r\n",
        r#"
a repository is lower-case: did you mean `redis`?
--> images.toml:1:17 "Redis"
"#,
    );
    check(
        "\u{feff}[images\n",
        r#"
images.toml is not TOML: unclosed table, expected `]`
--> images.toml:1:8 ""
"#,
    );
    check(
        "\u{feff}[images]\nredis = \"a\"\nredis = \"b\"\n",
        r#"
image `redis` is declared twice
--> images.toml:3:1 "redis" again here
::: images.toml:2:1 "redis" first here
"#,
    );
}
