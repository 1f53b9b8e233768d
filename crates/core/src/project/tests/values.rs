//! What is wrong with a value, and what is said of it.

use super::check;

#[test]
fn a_value_of_another_type_is_shown_with_the_way_to_write_it() {
    check(
        "[images]\nredis = 8\n",
        r#"
`redis` is a reference or a table, not an integer
--> images.toml:2:9 "8"
"#,
    );
    check(
        "[images]\nredis = [\"redis\"]\n",
        r#"
`redis` is a reference or a table, not an array
--> images.toml:2:9 "[\"redis\"]"
"#,
    );
    check(
        "[images]\nredis = true\n",
        r#"
`redis` is a reference or a table, not a boolean
--> images.toml:2:9 "true"
"#,
    );
    check(
        "[images.redis]\nrepository = \"redis\"\ntag = 8.2\n",
        r#"
`tag` is a string, not a float
--> images.toml:3:7 "8.2"
help: write it in quotes: `"8.2"`
"#,
    );
    check(
        "[images.redis]\nrepository = \"redis\"\nversion = 16\n",
        r#"
`version` is a string, not an integer
--> images.toml:3:11 "16"
help: write it in quotes: `"16"`
"#,
    );
    check(
        "[images.redis]\nrepository = \"redis\"\ntag = 2026-01-01\n",
        r#"
`tag` is a string, not a date
--> images.toml:3:7 "2026-01-01"
help: write it in quotes: `"2026-01-01"`
"#,
    );
    check(
        "[images.redis]\nrepository = \"redis\"\nplatforms = \"linux/amd64\"\n",
        r#"
`platforms` is an array of strings, not a string
--> images.toml:3:13 "\"linux/amd64\""
help: write it in brackets: `["linux/amd64"]`
"#,
    );
    check(
        "[images.redis]\nrepository = \"redis\"\nplatforms = [\"linux/amd64\", 386]\n",
        r#"
`platforms` is an array of strings, not an integer
--> images.toml:3:29 "386"
"#,
    );
    check(
        "[images.redis]\nrepository = [\"redis\"]\n",
        r#"
`repository` is a string, not an array
--> images.toml:2:14 "[\"redis\"]"
"#,
    );
}

#[test]
fn a_wrong_reference_is_underlined_where_it_is_wrong() {
    check(
        "[images]\nredis = \"docker.io/library/Redis:8\"\n",
        r#"
a repository is lower-case: did you mean `docker.io/library/redis`?
--> images.toml:2:20 "library/Redis"
"#,
    );
    check(
        "[images]\nredis = 'ghcr.io/a/b:8 beta'\n",
        r#"
`8 beta` is not a tag: letters, digits, `_`, `.` and `-` are, and `.` and `-` do not come first
--> images.toml:2:22 "8 beta"
"#,
    );
    check(
        "[images]\nredis = \"https://hub.docker.com/_/redis\"\n",
        r#"
there is no scheme here: leave out `https://`
--> images.toml:2:10 "https://"
"#,
    );
    check(
        "[images]\nredis = \"ghcr.io:99999/a\"\n",
        r#"
`99999` is not a port
--> images.toml:2:18 "99999"
"#,
    );
    check(
        "[images]\nredis = \"redis@sha256:00\"\n",
        r#"
a sha256 digest has 64 hexadecimal digits, this one has 2
--> images.toml:2:16 "sha256:00"
"#,
    );
    check(
        "[images]\nredis = \"\"\n",
        r#"
a reference needs a repository
--> images.toml:2:10 ""
"#,
    );
    check(
        "[images]\nredis = \"docker.io/${ORG}/redis\"\n",
        r#"
`${ORG}` is not part of a repository: lower-case letters and digits are, joined by `.`, `_`, `__` or `-`
--> images.toml:2:20 "${ORG}"
"#,
    );
}

#[test]
fn escapes_are_counted_as_they_are_written() {
    check(
        "[images]\nredis = \"docker.io/\\u006cibrary/Redis:8\"\n",
        r#"
a repository is lower-case: did you mean `docker.io/library/redis`?
--> images.toml:2:20 "\\u006cibrary/Redis"
"#,
    );
    check(
        "[images]\nredis = \"gh\\u00E9.io/a\"\n",
        r#"
`ghé.io` is not a registry's host
--> images.toml:2:10 "gh\\u00E9.io"
"#,
    );
    check(
        "[images]\nredis = \"ghcr.io/a\\tb:1\"\n",
        "\n`a\tb` is not part of a repository: lower-case letters and digits are, joined by `.`, `_`, `__` or `-`\n--> images.toml:2:18 \"a\\\\tb\"\n",
    );
    check(
        "[images]\nredis = \"ghcr.io/\\U0001F600/b:1\"\n",
        r#"
`😀` is not part of a repository: lower-case letters and digits are, joined by `.`, `_`, `__` or `-`
--> images.toml:2:18 "\\U0001F600"
"#,
    );
}

#[test]
fn a_string_of_several_lines_is_shown_whole() {
    check(
        "[images]\nredis = \"\"\"\ndocker.io/library/Redis:8\"\"\"\n",
        r#"
a repository is lower-case: did you mean `docker.io/library/redis`?
--> images.toml:2:9 "\"\"\"\ndocker.io/library/Redis:8\"\"\""
"#,
    );
    check(
        "[images]\nredis = '''Redis'''\n",
        r#"
a repository is lower-case: did you mean `redis`?
--> images.toml:2:9 "'''Redis'''"
"#,
    );
    check(
        "[images]\nredis = \"\"\"redis\\\n  :8 x\"\"\"\n",
        r#"
`8 x` is not a tag: letters, digits, `_`, `.` and `-` are, and `.` and `-` do not come first
--> images.toml:2:9 "\"\"\"redis\\\n  :8 x\"\"\""
"#,
    );
}

#[test]
fn a_version_rule_that_cannot_work_is_shown_at_the_key_that_breaks_it() {
    check(
        "[images.a]\nrepository = \"a\"\nversion = \"latest\"\n",
        r#"
`latest` is not a version requirement: unexpected character 'l' while parsing major version number
--> images.toml:3:12 "latest"
"#,
    );
    check(
        "[images.a]\nrepository = \"a\"\nversion = \"16-alpine\"\n",
        r#"
`16-alpine` is not a version requirement: expected comma after major version number, found '-'
--> images.toml:3:12 "16-alpine"
"#,
    );
    check(
        "[images.a]\nrepository = \"a\"\nversion = \"\"\n",
        r#"
an empty text is not a version requirement: unexpected end of input while parsing major version number
--> images.toml:3:12 ""
"#,
    );
    check(
        "[images.a]\nrepository = \"a\"\ntags = '^(?<version>\\d+'\n",
        r#"
`tags` is not a regular expression: unclosed group
--> images.toml:3:9 "^(?<version>\\d+"
"#,
    );
    check(
        "[images.a]\nrepository = \"a\"\ntags = '^(?!x)(?<version>\\d+)'\n",
        r#"
`tags` is not a regular expression: look-around, including look-ahead and look-behind, is not supported
--> images.toml:3:9 "^(?!x)(?<version>\\d+)"
"#,
    );
    check(
        "[images.a]\nrepository = \"a\"\ntags = '(?<version>(\\w{500}){500})'\n",
        r#"
`tags` is not a regular expression: it is too large
--> images.toml:3:9 "(?<version>(\\w{500}){500})"
"#,
    );
    check(
        "[images.a]\nrepository = \"a\"\ntags = '^16-alpine$'\n",
        r#"
`tags` needs a group `(?<version>…)`: it tells what of a tag is compared
--> images.toml:3:9 "^16-alpine$"
"#,
    );
    check(
        "[images.a]\nrepository = \"a\"\nversion = \"16\"\ntags = '(?<order>x)'\n",
        r#"
`tags` needs a group `(?<version>…)`: it tells what of a tag is compared
--> images.toml:4:9 "(?<order>x)"
"#,
    );
}

#[test]
fn an_order_that_cannot_work_is_shown_at_the_key_that_breaks_it() {
    check(
        "[images.a]\nrepository = \"a\"\nselect = \"newest\"\n",
        r#"
`select = "newest"` needs `tags`
--> images.toml:3:11 "newest"
"#,
    );
    check(
        "[images.a]\nrepository = \"a\"\ntags = '^a'\nselect = \"newest\"\nlimit = 0\n",
        r#"
`limit` is a number from 1 to 1000, and not 0
--> images.toml:5:9 "0"
"#,
    );
    check(
        "[images.a]\nrepository = \"a\"\nversion = \"1\"\nlimit = 5\n",
        r#"
`limit` needs `select = "newest"`: no other rule reads what competes
--> images.toml:4:9 "5"
"#,
    );
    check(
        "[images.a]\nrepository = \"a\"\ntags = '(?<order>a)'\nselect = \"newest-build\"\n",
        r#"
`newest-build` is not a way to select: use `semver`, `numeric`, `alphabetical` or `newest`; `newest` is by the time of the build, which every competing image is read for: where tags have a date or a build's number, order by that (`(?<order>…)`)
--> images.toml:4:11 "newest-build"
"#,
    );
    check(
        "[images.a]\nrepository = \"a\"\nselect = \"numeric\"\n",
        r#"
`select = "numeric"` needs `tags`, with a group `(?<order>…)`
--> images.toml:3:11 "numeric"
"#,
    );
    check(
        "[images.a]\nrepository = \"a\"\nversion = \"1\"\ntags = '(?<order>x)'\nselect = \"numeric\"\n",
        r#"
`version` needs `select = "semver"`
--> images.toml:3:12 "1"
"#,
    );
    check(
        "[images.a]\nrepository = \"a\"\ntags = 5\nselect = \"numeric\"\n",
        r#"
`tags` is a string, not an integer
--> images.toml:3:8 "5"
help: write it in quotes: `"5"`
"#,
    );
}

#[test]
fn a_path_stays_inside_the_repository() {
    check(
        "[images.a]\nlayout = \"../oci\"\n",
        r#"
`layout` is a path inside the repository, relative to the project file
--> images.toml:2:11 "../oci"
"#,
    );
    check(
        "[images.a]\nlayout = \"/srv/oci\"\n",
        r#"
`layout` is a path inside the repository, relative to the project file
--> images.toml:2:11 "/srv/oci"
"#,
    );
    check(
        "[images.a]\nlayout = \"a/../../oci\"\n",
        r#"
`layout` is a path inside the repository, relative to the project file
--> images.toml:2:11 "a/../../oci"
"#,
    );
    check(
        "[images.a]\nlayout = 'C:\\oci'\n",
        r#"
`layout` is a path with `/` between its parts
--> images.toml:2:11 "C:\\oci"
"#,
    );
    check(
        "[images.a]\nlayout = \"C:/oci\"\n",
        r#"
`layout` is a path inside the repository, relative to the project file
--> images.toml:2:11 "C:/oci"
"#,
    );
    check(
        "[images.a]\nlayout = \".\"\n",
        r#"
`layout` names the project's own folder: name something in it
--> images.toml:2:11 "."
"#,
    );
    check(
        "[images.a]\nlayout = \"\"\n",
        r#"
`layout` names the project's own folder: name something in it
--> images.toml:2:11 ""
"#,
    );
}
