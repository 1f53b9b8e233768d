//! `[advisories]` and `[endoflife]`: what is read, and what is said of what is wrong.

use super::{check, images_toml, read, workspace};
use crate::Project;

const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[test]
fn a_snapshot_is_a_file_its_hash_and_where_it_comes_from() {
    let text = format!(
        "[advisories]\n\"alpine-3.20\" = {{ file = \"./advisories/main.json\", sha256 = \"{HEX}\", date = 2026-11-24 }}\n\
         [advisories.wolfi]\nfile = \"advisories/wolfi.json\"\nurl = \"https://packages.wolfi.dev/os/security.json\"\n\
         [endoflife]\ndebian = {{ file = \"eol.json\", sha256 = \"{HEX}\" }}\n"
    );
    let project = read(&text);
    let told: Vec<String> = project
        .advisories
        .iter()
        .chain(&project.endoflife)
        .map(|(name, snapshot)| {
            let hash = snapshot.sha256.as_ref().map(|digest| digest.short().to_owned());
            let (date, url) =
                (snapshot.date.map(|day| day.to_string()), snapshot.url.as_ref().map(|url| url.value.as_str()));
            format!("{name} {} {hash:?} {date:?} {url:?} {}", snapshot.file.value, snapshot.at.line())
        })
        .collect();
    assert_eq!(
        told,
        [
            r#"alpine-3.20 advisories/main.json Some("sha256:0123456789ab") Some("2026-11-24") None 2"#,
            r#"wolfi advisories/wolfi.json None None Some("https://packages.wolfi.dev/os/security.json") 3"#,
            r#"debian eol.json Some("sha256:0123456789ab") None None 7"#,
        ]
    );
}

#[test]
fn a_manifest_of_cargos_has_them_too_and_none_stands_twice() {
    let table = |table: &str| format!("[{table}.wolfi]\nfile = \"w.json\"\nsha256 = \"{HEX}\"\n");
    let manifest = table("workspace.metadata.images.advisories");
    assert_eq!(Project::parse(&[workspace(&manifest)], &[]).unwrap().advisories.len(), 1);
    let both = [images_toml(&table("advisories")), workspace(&manifest)];
    let errors = Project::parse(&both, &[]).unwrap_err();
    assert_eq!(errors.iter().map(ToString::to_string).collect::<Vec<_>>(), ["`advisories` has `wolfi` twice"]);
}

#[test]
fn a_file_outside_of_the_repository_is_refused() {
    check(
        &format!("[advisories]\nwolfi = {{ file = \"../w.json\", sha256 = \"{HEX}\" }}\n"),
        r#"
`file` is a path inside the repository, relative to the project file
--> images.toml:2:19 "../w.json"
"#,
    );
}

#[test]
fn a_hash_is_needed_where_nothing_says_where_the_file_comes_from() {
    check(
        "[endoflife.debian]\nfile = \"debian.json\"\n",
        r#"
`[endoflife.debian]` needs `sha256`
--> images.toml:1:1 "[endoflife.debian]"
"#,
    );
    check(
        "[advisories]\nx = { sha256 = \"sha256:0\", fiel = \"x\" }\n",
        r#"
`[advisories.x]` needs `file`
--> images.toml:2:5 "{ sha256 = \"sha256:0\", fiel = \"x\" }"
`sha256` is the 64 lower-case hexadecimal digits that `sha256sum` prints
--> images.toml:2:17 "sha256:0"
unknown key `fiel` in images.toml
--> images.toml:2:28 "fiel" did you mean `file`?
"#,
    );
}

#[test]
fn an_address_is_one_of_the_web_and_holds_no_secret() {
    for (url, said) in [
        ("ftp://x.example/a", "`url` is an address that starts with `https://` or `http://`"),
        ("javascript:x", "`url` is an address that starts with `https://` or `http://`"),
        ("https://user:secret@x.example/a", "`url` has no login: whoever reads the repository reads it"),
        ("https://", "`url` has a host, and no spaces and no characters that nobody sees"),
        ("https://x.example/a b", "`url` has a host, and no spaces and no characters that nobody sees"),
        ("https://x.example/\u{202e}a", "`url` has a host, and no spaces and no characters that nobody sees"),
        ("https://x.example\\\\@y.example/", "`url` has a host, and no spaces and no characters that nobody sees"),
    ] {
        let text = format!("[advisories]\nx = {{ file = \"x\", url = \"{url}\" }}\n");
        let errors = Project::parse(&[images_toml(&text)], &[]).unwrap_err();
        assert_eq!(errors.iter().map(ToString::to_string).collect::<Vec<_>>(), [said], "{url}");
    }
}

#[test]
fn a_name_is_plain_and_an_entry_is_a_table() {
    check(
        "[advisories]\n\"Alpine 3\" = { file = \"x\" }\nwolfi = \"x.json\"\n",
        r#"
an entry of `[advisories]` is named with lower-case letters, digits, `.`, `_` and `-`
--> images.toml:2:1 "\"Alpine 3\""
`[advisories.wolfi]` is a table, not a string
--> images.toml:3:9 "\"x.json\""
"#,
    );
    check(
        "endoflife = [\"x\"]\n",
        r#"
`endoflife` is a table, not an array
--> images.toml:1:13 "[\"x\"]"
"#,
    );
}
