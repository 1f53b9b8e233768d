//! Project files that ask for what nobody should ask for.

use crate::harness::Case;

/// A project file that is refused before anything is asked, with a place.
fn refused(name: &'static str, toml: &str) -> Case {
    Case::new(name).toml(toml).exits(2).says("--> images.toml:").requests(0).asks_other(0).no_file("images.lock")
}

fn image(name: &'static str, reference: &str) -> Case {
    refused(name, &format!("[images]\napp = \"{reference}\"\n"))
}

fn rule(name: &'static str, keys: &str) -> Case {
    refused(name, &format!("[images.app]\nrepository = \"{{host}}/app\"\n{keys}\n"))
}

fn registry(name: &'static str, keys: &str) -> Case {
    refused(name, &format!("[images]\napp = \"{{host}}/app:1\"\n[registries.\"{{host}}\"]\n{keys}\n"))
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        image("a path that climbs is no repository", "{host}/../../etc/passwd:1"),
        image("an address is no reference", "http://{host}/app:1"),
        image("a reference holds no login", "anna:hunter-2@{host}/app:1"),
        image("a digest that is cut is refused", "{host}/app@sha256:0123"),
        image("a digest of an unknown kind is refused", "{host}/app@md5:d41d8cd98f00b204e9800998ecf8427e"),
        image("capitals are no repository", "{host}/App:1"),
        image("an empty tag is refused", "{host}/app:"),
        image("an empty reference is refused", ""),
        image("spaces around a reference are refused", " {host}/app:1 "),
        image("an empty part of a path is refused", "{host}/a//b:1"),
        image("control characters are no reference", "{host}/app:1\\u001b[2J"),
        image("a query is no part of a reference", "{host}/app:1?x=y"),
        image("a tag does not climb", "{host}/app:../../x"),
        image("an option is no reference", "--help"),
        image("a reference is no longer than one can be", &format!("{{host}}/{}:1", "a".repeat(300))),
        image("a tag is no longer than one can be", &format!("{{host}}/app:{}", "1".repeat(129))),
    ];
    cases.extend(rules());
    cases.extend(registries());
    cases
}

fn rules() -> Vec<Case> {
    vec![
        rule("a version that is no requirement is refused", "version = \"one\""),
        rule("a pattern that is none is refused", "tags = '(?<version>['"),
        rule("a pattern that would fill the memory is refused", "tags = '(?<version>(\\w{1000}){1000})'"),
        rule("a pattern without a group is refused", "version = \"1\"\ntags = '^v.*$'"),
        rule("an order that nobody knows is refused", "tags = '^(?<version>.*)$'\nselect = \"newst\"")
            .says("alphabetical"),
        rule("a tag beside a version is refused", "tag = \"1\"\nversion = \"1\""),
        rule("a platform that is none is refused", "platforms = [\"linux\"]"),
        rule("a platform with too many parts is refused", "platforms = [\"linux/arm/v7/x\"]"),
        rule("a number where a text belongs is refused", "tag = 1"),
        refused("an image that is declared twice is shown at both places", "[images]\napp = \"a:1\"\napp = \"b:1\"\n"),
        refused("a name that is a path is refused", "[images]\n\"../app\" = \"{host}/app:1\"\n"),
        refused("a name of control characters is refused", "[images]\n\"a\\u001b[2J\" = \"{host}/app:1\"\n"),
    ]
}

fn registries() -> Vec<Case> {
    vec![
        registry("a mirror is no address", "mirrors = [\"http://{other}/hub\"]"),
        registry("a mirror holds no login", "mirrors = [\"anna:hunter-2@{other}/hub\"]"),
        registry("a host that may be sent credentials is no address", "token-hosts = [\"https://{other}/token\"]"),
        registry("every host is no host", "token-hosts = [\"*\"]"),
        registry("an authority outside the repository is refused", "ca = \"../ca.pem\""),
        registry("a stand-in is no address", "rewrite = \"https://evil.example/hub\""),
        registry("a key that nobody knows is told with the one that was meant", "insecur = true").says("insecure"),
    ]
}
