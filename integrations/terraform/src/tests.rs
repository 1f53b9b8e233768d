use imagelock_adapter::MemoryTree;
use imagelock_core::{LockedPlatform, Lockfile};
use imagelock_edit::testing::{digest, lock, only};
use proptest::prelude::*;

use crate::Terraform;

fn locked() -> Lockfile {
    lock(&[("web", "ghcr.io/acme/web:1.10", 'a'), ("db", "postgres:16.9", 'b')])
}

fn edited(text: &str) -> Result<String, String> {
    let tree = MemoryTree::default().file("infra/main.tf", text);
    only(&Terraform, "[[terraform]]\nedit = \"infra/*.tf\"\nrefs = \"tagged\"\n", &locked(), &tree)
}

fn wrong(table: &str) -> String {
    let tree = MemoryTree::default().file("infra/main.tf", "a = 1\n");
    only(&Terraform, &format!("[[terraform]]\n{table}\n"), &locked(), &tree).unwrap_err()
}

#[test]
fn only_the_inside_of_a_marked_literal_changes() {
    let before = "\u{feff}# head\r\nlocals {\r\n  web = \"x\"  # imagelock: web\r\n  tag=\"1\"//imagelock:db:tag\r\n  d = \"\" # imagelock: db:digest\r\n  r = \"y\" # imagelock: db:repository\r\n  other = \"z\" # no marker\r\n}\r\n";
    let after = before
        .replace("\"x\"", &format!("\"ghcr.io/acme/web:1.10@{}\"", digest('a')))
        .replace("\"1\"", "\"16.9\"")
        .replace("\"\"", &format!("\"{}\"", digest('b')))
        .replace("\"y\"", "\"docker.io/library/postgres\"");
    assert_eq!(edited(before).unwrap(), after);
    assert_eq!(edited(&after).unwrap(), after);
}

#[test]
fn what_is_no_literal_is_refused_where_it_stands() {
    for (text, says) in [
        ("a = 1 # imagelock: web\n", "the marker of `web` stands at no reference\ninfra/main.tf:1:20 \"web\""),
        (
            "a = [\"x\", \"y\"] # imagelock: web\n",
            "the marker of `web` stands at several places\ninfra/main.tf:1:29 \"web\"\ninfra/main.tf:1:6 \"\\\"x\\\"\"",
        ),
        (
            "a = \"${b}/x\" # imagelock: web\n",
            "the marker of `web` stands at no reference\ninfra/main.tf:1:27 \"web\"\ninfra/main.tf:1:5",
        ),
        ("a = <<EOT\nx # imagelock: web\nEOT\n", "no file here has a marker"),
        ("a = \"x\" # imagelock: wbe\n", "there is no image `wbe` in images.lock\ninfra/main.tf:1:22"),
        ("a = \"x\" # imagelock: web:version\n", "a marker cannot name the part `version`"),
        ("a = \"x # imagelock: web\n", "`infra/main.tf` cannot be read as HCL"),
        ("a = \"x\"\n", "no file here has a marker\nimages.toml:2:9"),
    ] {
        let error = edited(text).unwrap_err();
        assert!(error.contains(says), "{text}: {error}");
    }
}

#[test]
fn a_place_within_a_character_is_shown() {
    let error = edited("locals {\n  t = \"1\" # imagelock: redis:té").unwrap_err();
    assert!(error.contains("cannot be read as HCL") && error.contains("infra/main.tf:2:"), "{error}");
}

#[test]
fn mistakes_in_the_table_show_their_place() {
    for (table, says) in [
        ("", "needs `output`, a variable file, or `edit`"),
        ("output = 'a.tfvars.json'\nedit = 'a.tf'", "are two targets"),
        ("output = 'a.tf'", "`output` is a variable file in JSON"),
        ("output = '.tfvars.json'", "`output` is a variable file in JSON"),
        ("output = 'a.tfvars.json'\nvariable = 'a b'", "`variable` is a name"),
        ("output = 'a.tfvars.json'\nrefs = 'tag'", "`refs` is \"digest\" or \"tagged\""),
        ("output = 'a.tfvars.json'\nplatform = 'amd64'", "images.toml:3:"),
        ("edit = '../a.tf'", "inside the repository\nimages.toml:2:9"),
        ("edit = 'a.tf'\nvariable = 'x'", "`variable` belongs to `output`"),
        ("edit = 'a.tf'\nimages = ['web']", "`images` belongs to `output`"),
        ("edit = 'infra/mian.tf'", "did you mean `infra/main.tf`?"),
        ("edit = 'other/*.tf'", "no file is named by `other/*.tf`"),
    ] {
        let error = wrong(table);
        assert!(error.contains(says), "{table}: {error}");
    }
}

#[test]
fn a_platform_is_pinned_by_its_own_manifest_or_named_where_it_is_missing() {
    let mut lock = locked();
    let platform = LockedPlatform { config: digest('c'), digest: digest('d'), media_type: String::new(), size: 1 };
    let project = "[[terraform]]\noutput = \"a.tfvars.json\"\nplatform = \"linux/arm64\"\nimages = [\"web\"]\n";
    let missing = only(&Terraform, project, &lock, &MemoryTree::default()).unwrap_err();
    assert!(missing.starts_with("`web` is not locked for `linux/arm64`\nimages.toml:3:13"), "{missing}");
    lock.images.get_mut("web").unwrap().platforms.insert("linux/arm64".parse().unwrap(), platform);
    let text = only(&Terraform, project, &lock, &MemoryTree::default()).unwrap();
    assert!(text.contains(&format!("\"web\": \"ghcr.io/acme/web@{}\"", digest('d'))), "{text}");
}

proptest! {
    #[test]
    fn no_text_stops_it(text in "[ \\n\\t:{}\\[\\]<EOT\"#/a-c0-9$%=é-]{0,60}") {
        drop(edited(&format!("{text} # imagelock: web\n{text}")));
    }
}
