//! Editing keeps every byte that is not the image's.

use super::*;
use crate::request::Wanted;

pub(super) fn tag(name: &str, reference: &str) -> NewImage {
    let wanted = Wanted::from_reference(reference.parse().unwrap());
    NewImage { name: name.parse().unwrap(), wanted, platforms: Vec::new(), spelling: reference.to_owned() }
}

fn ruled(name: &str) -> NewImage {
    let rule = crate::policy::Rule::new(Some("16"), Some(r"^(?<version>\d+\.\d+)-alpine$"), None).unwrap();
    let wanted = Wanted::Version { repository: "postgres".parse().unwrap(), rule };
    NewImage { name: name.parse().unwrap(), wanted, platforms: Vec::new(), spelling: "postgres".to_owned() }
}

/// Adds the image, compares, removes it and compares with the text from before.
#[track_caller]
fn check(before: &str, image: &NewImage, after: &str) {
    check_in(&[], before, image, after);
}

#[track_caller]
fn check_in(prefix: &[&'static str], before: &str, image: &NewImage, after: &str) {
    let added = add(before, prefix, image).unwrap();
    assert_eq!(added, after, "added");
    assert_eq!(remove(&added, prefix, &image.name).unwrap(), before, "removed again");
}

#[test]
fn an_empty_file_gets_a_table_and_its_first_image() {
    let static_image = tag("static", "cgr.dev/chainguard/static:latest");
    let text = add("", &[], &static_image).unwrap();
    assert_eq!(text, "[images]\nstatic = \"cgr.dev/chainguard/static:latest\"\n");
    assert_eq!(remove(&text, &[], &static_image.name).unwrap(), "[images]\n");
    check(
        "",
        &ruled("postgres"),
        "[images.postgres]\nrepository = \"postgres\"\nversion = \"16\"\ntags = '^(?<version>\\d+\\.\\d+)-alpine$'\n",
    );
}

#[test]
fn a_line_goes_below_the_last_line_of_the_table() {
    check(
        "# Ours.\n\n[images]   # all of them\n\n# The cache.\nredis   =  'redis:8'  # keep\n\n[[helm]]\nchart = \"x\"\n",
        &tag("static", "alpine:3"),
        "# Ours.\n\n[images]   # all of them\n\n# The cache.\nredis   =  'redis:8'  # keep\nstatic = \"alpine:3\"\n\n\
         [[helm]]\nchart = \"x\"\n",
    );
}

#[test]
fn a_line_goes_before_the_sub_tables() {
    check(
        "[images]\nredis = \"redis:8\"\n\n# The database.\n[images.postgres]\nrepository = \"postgres\"\n",
        &tag("static", "alpine:3"),
        "[images]\nredis = \"redis:8\"\nstatic = \"alpine:3\"\n\n# The database.\n[images.postgres]\n\
         repository = \"postgres\"\n",
    );
}

#[test]
fn a_table_goes_below_the_last_image_and_above_what_follows() {
    check(
        "[images]\nredis = \"redis:8\"\n\n# Charts.\n[[helm]]\nchart = \"x\"\n",
        &NewImage { platforms: vec!["linux/amd64".parse().unwrap()], ..tag("static", "alpine:3") },
        "[images]\nredis = \"redis:8\"\n\n[images.static]\nrepository = \"alpine\"\ntag = \"3\"\n\
         platforms = [\"linux/amd64\"]\n\n# Charts.\n[[helm]]\nchart = \"x\"\n",
    );
}

#[test]
fn a_first_line_beside_sub_tables_gets_a_header_above_them() {
    let before = "# Ours.\n\n# The database.\n[images.postgres]\nrepository = \"postgres\"\n";
    let added = add(before, &[], &tag("static", "alpine:3")).unwrap();
    assert_eq!(
        added,
        "# Ours.\n\n[images]\nstatic = \"alpine:3\"\n\n# The database.\n[images.postgres]\nrepository = \"postgres\"\n"
    );
}

#[test]
fn dotted_keys_stay_dotted() {
    check(
        "images.redis = \"redis:8\"\nimages.web.repository = \"acme/web\"\n\n[defaults]\nplatforms = []\n",
        &ruled("postgres"),
        "images.postgres = { repository = \"postgres\", version = \"16\", tags = '^(?<version>\\d+\\.\\d+)-alpine$' }\n\
         images.redis = \"redis:8\"\nimages.web.repository = \"acme/web\"\n\n[defaults]\nplatforms = []\n",
    );
}

#[test]
fn dotted_keys_are_written_as_the_ones_above() {
    check(
        "  images . redis = \"redis:8\" # fast\n\n[defaults]\nplatforms = []\n",
        &tag("web", "acme/web"),
        "  images . redis = \"redis:8\" # fast\n  images . web = \"acme/web\"\n\n[defaults]\nplatforms = []\n",
    );
}

#[test]
fn images_in_the_order_of_their_names_stay_so_and_keep_their_comments() {
    check(
        "[images]   # all\n\n# The first.\nalpine = \"alpine\"  # 1\n\n# The cache.\nredis = \"redis:8\"\n# Web.\nweb = \"w\"\n",
        &tag("node", "node:22"),
        "[images]   # all\n\n# The first.\nalpine = \"alpine\"  # 1\nnode = \"node:22\"\n\n# The cache.\nredis = \"redis:8\"\n\
         # Web.\nweb = \"w\"\n",
    );
    check(
        "[images]\n  # The cache.\n  redis = \"redis:8\"\n  web = \"w\"\n",
        &tag("node", "node:22"),
        "[images]\n  node = \"node:22\"\n  # The cache.\n  redis = \"redis:8\"\n  web = \"w\"\n",
    );
    check(
        "images = { alpine = 'alpine', redis = 'redis:8' }\n",
        &tag("a.b", "a/b"),
        "images = { \"a.b\" = \"a/b\", alpine = 'alpine', redis = 'redis:8' }\n",
    );
}

#[test]
fn what_stands_in_tables_has_no_part_in_the_order_of_the_lines() {
    let before = "[images]\na = \"a\"\nd = \"d\"\n\n[images.b]\nrepository = \"b\"\n";
    check(before, &tag("c", "c"), &before.replace("d = ", "c = \"c\"\nd = "));
    check(
        "images = { a.repository = \"a\", c = \"c\" }\n",
        &tag("b", "b"),
        "images = { a.repository = \"a\", b = \"b\", c = \"c\" }\n",
    );
}

#[test]
fn tables_in_the_order_of_their_names_stay_so_whatever_lines_stand_above() {
    let before = "[images]\nz = \"z\"\na = \"a\"\n\n# Ours.\n[images.job]\nrepository = \"acme/job\"\n# The end of it.\n\n\
                  # The web.\n[images.web]\nrepository = \"acme/web\"\n\n[[helm]]\nchart = \"x\"\n";
    let table =
        "[images.postgres]\nrepository = \"postgres\"\nversion = \"16\"\ntags = '^(?<version>\\d+\\.\\d+)-alpine$'\n\n";
    check(before, &ruled("postgres"), &before.replace("# The web.", &format!("{table}# The web.")));
    let first = table.replace("images.postgres", "images.db");
    check(before, &ruled("db"), &before.replace("# Ours.", &format!("{first}# Ours.")));
    let last = table.replace("images.postgres", "images.zoo");
    check(before, &ruled("zoo"), &before.replace("[[helm]]", &format!("{last}[[helm]]")));
}

#[test]
fn images_in_no_order_get_the_next_at_their_end() {
    check(
        "[images]\nweb = \"w\"\nalpine = \"alpine\"\n",
        &tag("node", "node:22"),
        "[images]\nweb = \"w\"\nalpine = \"alpine\"\nnode = \"node:22\"\n",
    );
    check(
        "[images]\na.repository = \"a\"\nc = \"c\"\na.tag = \"1\"\n",
        &tag("b", "b"),
        "[images]\na.repository = \"a\"\nc = \"c\"\na.tag = \"1\"\nb = \"b\"\n",
    );
}

#[test]
fn many_images_stand_where_each_would_after_the_others() {
    let new = [
        tag("zoo", "z"),
        ruled("postgres"),
        tag("alpine", "alpine"),
        tag("node", "node:22"),
        ruled("db"),
        tag("n", "n"),
    ];
    let lines_first = ["alpine", "n", "node", "zoo", "db", "postgres"];
    for before in [
        "",
        "# Ours.\n[images]\n",
        "[images]\nm = \"m\"",
        "[images]\r\na = \"a\"\r\nm = \"m\" # m\r\n# of m\r\n\r\n# of o\r\no = \"o\"\r\n",
        "[images]\n  z = \"z\"\n  a = \"a\"\n\n# Ours.\n[images.job]\nrepository = \"job\"\n",
        "[images.a]\nrepository = \"a\"\n",
        "images.a = \"a\"\nimages.m = \"m\"\n",
        "images = { a = \"a\", m = \"m\" }\n",
    ] {
        let each = |text: String, name: &&str| {
            add(&text, &[], new.iter().find(|new| new.name.as_str() == *name).unwrap()).unwrap()
        };
        let one_by_one = lines_first.iter().fold(before.to_owned(), each);
        assert_eq!(add_all(before, &[], &new).unwrap(), one_by_one, "{before}");
    }
    assert_eq!(add_all("[images]\n", &[], &[]).unwrap(), "[images]\n");
    let twice = [tag("a", "a"), tag("b", "b"), tag("b", "c")];
    assert!(matches!(add_all("", &[], &twice), Err(EditError::Exists(name)) if name.as_str() == "b"));
    assert!(
        matches!(add_all("[images]\nb = \"b\"\n", &[], &twice[..2]), Err(EditError::Exists(name)) if name.as_str() == "b")
    );
}

#[test]
fn lines_under_a_header_of_their_own_take_many_at_once_and_other_forms_one_after_another() {
    let new = [tag("b", "b"), tag("c", "c")];
    let at_once = |text: &str| add_lines(text, &[], &new.iter().collect::<Vec<_>>()).unwrap();
    let after = "[images]\na = \"a\"\nb = \"b\"\nc = \"c\"\n";
    assert_eq!(at_once("[images]\na = \"a\"\n").as_deref(), Some(after));
    for other in ["", "images.a = \"a\"\n", "images = { a = \"a\" }\n", "[images.a]\nrepository = \"a\"\n"] {
        assert_eq!(at_once(other), None, "{other}");
    }
}

#[test]
fn a_blank_line_at_the_end_is_enough_before_a_table() {
    for (text, start) in [("x = 1\n", "x = 1\n\n"), ("x = 1\n\n", "x = 1\n\n"), ("x = 1\n  ", "x = 1\n  \n"), ("", "")]
    {
        let added = add(text, &[], &ruled("b")).unwrap();
        assert!(added.starts_with(&format!("{start}[images.b]\n")), "{added:?}");
    }
}

#[test]
fn an_inline_table_stays_one() {
    check(
        "images = { redis = 'redis:8' } # x\n",
        &tag("a.b", "a/b"),
        "images = { redis = 'redis:8', \"a.b\" = \"a/b\" } # x\n",
    );
    let added = add("images = {}\n", &[], &tag("redis", "redis")).unwrap();
    assert_eq!(added, "images = { redis = \"redis\" }\n");
    assert!(!remove(&added, &[], &"redis".parse().unwrap()).unwrap().contains("redis"));
    let first = remove("images = { a = \"a\", b = \"b\" }\n", &[], &"a".parse().unwrap()).unwrap();
    assert_eq!(first, "images = { b = \"b\" }\n");
}

#[test]
fn line_ends_and_a_missing_last_one_and_a_byte_order_mark_stay() {
    check("[images]\r\na = \"a\"\r\n", &tag("b", "b"), "[images]\r\na = \"a\"\r\nb = \"b\"\r\n");
    check("[images]\na = \"a\"", &tag("b", "b"), "[images]\na = \"a\"\nb = \"b\"");
    check("[images]\r\na = \"a\"", &tag("b", "b"), "[images]\r\na = \"a\"\r\nb = \"b\"");
    check("[images]\na = \"a\"\r\n", &tag("b", "b"), "[images]\na = \"a\"\r\nb = \"b\"\n");
    check("\u{feff}[images]\na = \"a\"\n", &tag("b", "b"), "\u{feff}[images]\na = \"a\"\nb = \"b\"\n");
    check(
        "[images.a]\n# é",
        &ruled("b"),
        "[images.a]\n# é\n\n[images.b]\nrepository = \"postgres\"\nversion = \"16\"\ntags = '^(?<version>\\d+\\.\\d+)-alpine$'",
    );
    let table = add("[images]\na = \"a\"", &[], &ruled("b")).unwrap();
    assert!(table.starts_with("[images]\na = \"a\"\n\n[images.b]\n") && !table.ends_with('\n'), "{table}");
    assert_eq!(remove(&table, &[], &"b".parse().unwrap()).unwrap(), "[images]\na = \"a\"");
}

#[test]
fn the_tables_of_a_cargo_manifest_are_edited_where_they_are() {
    const PREFIX: &[&str] = &["workspace", "metadata", "images"];
    check_in(
        PREFIX,
        "[workspace]\nmembers = []\n\n[workspace.metadata.images.images]\na = \"a\"\n\n[profile.dev]\ndebug = 0\n",
        &tag("b", "b"),
        "[workspace]\nmembers = []\n\n[workspace.metadata.images.images]\na = \"a\"\nb = \"b\"\n\n[profile.dev]\ndebug = 0\n",
    );
    check_in(
        PREFIX,
        "[workspace]\nmembers = []\n\n[workspace.metadata.images]\nimages.a = \"a\"\n",
        &tag("b", "b"),
        "[workspace]\nmembers = []\n\n[workspace.metadata.images]\nimages.a = \"a\"\nimages.b = \"b\"\n",
    );
    let fresh = add("[workspace]\nmembers = []\n", PREFIX, &tag("b", "b")).unwrap();
    assert_eq!(fresh, "[workspace]\nmembers = []\n\n[workspace.metadata.images.images]\nb = \"b\"\n");
    let nested = "[workspace]\nmetadata = { images = { defaults = { platforms = [\"linux/amd64\"] } } }\n";
    let added = add(nested, PREFIX, &tag("b", "b")).unwrap();
    assert!(added.contains("platforms = [\"linux/amd64\"]"), "{added}");
    assert_eq!(
        added.parse::<DocumentMut>().unwrap()["workspace"]["metadata"]["images"]["images"]["b"].as_str(),
        Some("b")
    );
}

#[test]
fn an_image_takes_its_own_comment_along_and_no_other() {
    let text = "[images]\n# The cache.\nredis = \"redis:8\" # fast\n\n# Databases.\n\n# The old one.\n[images.postgres]\n\
                repository = \"postgres\"\n# tag = \"15\"\n\n# Charts.\n[[helm]]\nchart = \"x\"\n# The end.\n";
    assert_eq!(
        remove(text, &[], &"redis".parse().unwrap()).unwrap(),
        text.replace("# The cache.\nredis = \"redis:8\" # fast\n", "")
    );
    assert_eq!(
        remove(text, &[], &"postgres".parse().unwrap()).unwrap(),
        "[images]\n# The cache.\nredis = \"redis:8\" # fast\n\n# Databases.\n\n# Charts.\n[[helm]]\nchart = \"x\"\n# The end.\n"
    );
}

#[test]
fn removing_keeps_a_table_implicit_and_takes_values_of_many_lines_whole() {
    let text =
        "[images.a]\nrepository = \"a\"\nplatforms = [\n  \"linux/amd64\",\n]\n\n[images.b]\nrepository = \"b\"\n";
    assert_eq!(remove(text, &[], &"b".parse().unwrap()).unwrap(), text.split_once("\n[images.b]").unwrap().0);
    assert_eq!(remove(text, &[], &"a".parse().unwrap()).unwrap(), "[images.b]\nrepository = \"b\"\n");
    let dotted = "[images]\na.repository = \"a\"\nb = \"b\"\na.tag = \"1\"\n";
    assert_eq!(remove(dotted, &[], &"a".parse().unwrap()).unwrap(), "[images]\nb = \"b\"\n");
}

#[test]
fn what_cannot_be_edited_is_told() {
    let refused = |text: &str| add(text, &[], &tag("a", "a")).unwrap_err().to_string();
    assert_eq!(refused("[images]\na = \"b\"\n"), "there is already an image `a`");
    assert_eq!(refused("[images.a]\n"), "there is already an image `a`");
    assert_eq!(refused("images = 1\n"), "`images` is not a table");
    assert_eq!(refused("[[images]]\n"), "`images` is not a table");
    assert!(refused("[images\n").starts_with("the project file is not TOML: "));
    let absent = |text: &str| remove(text, &[], &"a".parse().unwrap()).unwrap_err().to_string();
    assert_eq!(absent(""), "there is no image `a` in this file");
    assert_eq!(absent("[images]\nb = \"b\"\n"), "there is no image `a` in this file");
}

#[test]
fn a_spelling_is_kept_only_where_it_means_what_is_wanted() {
    let image = NewImage { spelling: "redis:7".to_owned(), ..tag("a", "docker.io/library/redis:8") };
    assert_eq!(add("", &[], &image).unwrap(), "[images]\na = \"docker.io/library/redis:8\"\n");
    let platforms = vec!["linux/amd64".parse().unwrap()];
    let image = NewImage { platforms, ..tag("a", "localhost:5000/redis:8") };
    assert!(add("", &[], &image).unwrap().contains("repository = \"localhost:5000/redis\"\ntag = \"8\"\n"));
}

#[test]
fn an_image_is_held_however_it_is_written_and_all_else_stays() {
    let held = |text: &str| hold(text, &[], &"redis".parse().unwrap(), "it \"crashes\"").unwrap();
    for (before, after) in [
        (
            "[images]\nredis = \"redis:8\" # cache\nweb = \"a/b\"\n",
            "[images]\nredis = { repository = \"redis\", tag = \"8\", hold = 'it \"crashes\"' } # cache\nweb = \"a/b\"\n",
        ),
        (
            "images = { redis = \"redis\" }\n",
            "images = { redis = { repository = \"redis\", tag = \"latest\", hold = 'it \"crashes\"' } }\n",
        ),
        (
            "[images]\r\nredis = { repository = \"redis\" } # x\r\n",
            "[images]\r\nredis = { repository = \"redis\", hold = 'it \"crashes\"' } # x\r\n",
        ),
        (
            "# a\n[images.redis] # b\nrepository = \"redis\" # c\n\n# d\n[images.web]\nrepository = \"web\"\n",
            "# a\n[images.redis] # b\nrepository = \"redis\" # c\nhold = 'it \"crashes\"'\n\n# d\n[images.web]\nrepository = \"web\"\n",
        ),
        (
            "[images]\nredis.repository = \"redis\"\nweb = \"a/b\"\n",
            "[images]\nredis.repository = \"redis\"\nredis.hold = 'it \"crashes\"'\nweb = \"a/b\"\n",
        ),
    ] {
        assert_eq!(held(before), after);
        assert_eq!(held(after), after, "it is held already");
    }
    assert!(matches!(hold("[images]\n", &[], &"redis".parse().unwrap(), "x"), Err(EditError::Absent(_))));
}
