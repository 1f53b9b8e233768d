//! `verify`, `[[trust]]` and `[roots]`: who has to have signed which image, and what is said of what is wrong.

use super::{check, read};

/// Who has to have signed each image, one a line.
fn told(text: &str) -> String {
    let project = read(text);
    let told = project.images.iter().map(|(name, declared)| {
        let Some(trust) = &declared.trust else { return format!("{name}: nobody") };
        let signers: Vec<String> = trust.signers.iter().map(|signer| signer.value.by.to_string()).collect();
        let log = if trust.tlog { "" } else { ", without a log" };
        let place = declared.signatures.repository.as_ref().map(|place| format!(", in {place}")).unwrap_or_default();
        let signed_as = trust.signed_as.as_ref().map(|name| format!(", as {name}")).unwrap_or_default();
        format!("{name}: {} of {}{log}{place}{signed_as}", trust.threshold, signers.join(" and "))
    });
    told.collect::<Vec<_>>().join("\n")
}

#[test]
fn an_images_own_word_holds_then_the_last_rule_that_names_it_then_the_defaults() {
    let text = r#"
[defaults]
verify = { key = "keys/default.pub" }
tlog = false

[[trust]]
repository = "ghcr.io/acme/**"
verify = { identity = "^https://github\\.com/acme/.*$", issuer = "https://token.actions.githubusercontent.com" }
signatures = "ghcr.io/acme/signatures"

[[trust]]
repository = "ghcr.io/acme/tools/*"
verify = "none"

[[trust]]
repository = "busybox"
signed-as = "quay.io/busybox/busybox"

[images]
app = "ghcr.io/acme/app:1"
busybox = "busybox"
lint = "ghcr.io/acme/tools/lint:1"
local = { layout = "oci" }
own = { repository = "ghcr.io/acme/own", verify = { key = "own.pub" } }
two = { repository = "ghcr.io/acme/two", verify = [{ key = "a.pub" }, { key = "b.pub" }], threshold = 2, tlog = false }
free = { repository = "redis", verify = "none" }
"#;
    assert_eq!(
        told(text),
        "app: 1 of `^https://github\\.com/acme/.*$` of `https://token.actions.githubusercontent.com`, in \
         ghcr.io/acme/signatures\n\
         busybox: 1 of the key `keys/default.pub`, without a log, as quay.io/busybox/busybox\n\
         free: nobody\n\
         lint: nobody\n\
         local: 1 of the key `keys/default.pub`, without a log\n\
         own: 1 of the key `own.pub`, in ghcr.io/acme/signatures\n\
         two: 2 of the key `a.pub` and the key `b.pub`, without a log, in ghcr.io/acme/signatures"
    );
}

#[test]
fn what_is_wrong_is_told_where_it_stands() {
    check(
        r#"[images]
a = { repository = "a", verify = "always" }
b = { repository = "b", verify = { key = "../b.pub" } }
c = { repository = "c", verify = { identity = "^a", issuer = "i" } }
d = { repository = "d", verify = { identity = "a" } }
e = { repository = "e", verify = { key = "e.pub", identity = "a", issuer = "i" } }
f = { repository = "f", threshold = 2, tlog = false }
g = { repository = "g", verify = [{ key = "g.pub" }], threshold = 2 }
h = { repository = "h", verify = [] }
i = { repository = "i", verfy = { key = "i.pub" } }
j = { repository = "j", verify = { key = "i.pub", isuer = "x" } }
k = { repository = "k", signatures = "ghcr.io/acme/k:1" }
l = { repository = "l", verify = [{ key = "l.pub" }, { key = "./l.pub" }] }
m = { repository = "m", verify = true, tlog = "no" }
[trust]
"#,
        r#"
`verify` is `"none"`, `{ key = "cosign.pub" }`, or `{ identity = "…", issuer = "…" }`
--> images.toml:2:35 "always"
`key` is a path inside the repository, relative to the project file
--> images.toml:3:43 "../b.pub"
an expression begins with `^` and ends with `$`, so that it matches the whole text
--> images.toml:4:48 "^a"
`verify` needs `issuer`
--> images.toml:5:34 "{ identity = \"a\" }"
`key` and `identity` exclude each other
--> images.toml:6:51 "identity"
::: images.toml:6:36 "key" the other one
`threshold` belongs to a `verify` that names somebody, beside it
--> images.toml:7:37 "2"
`tlog` belongs to a `verify` that names somebody, beside it
--> images.toml:7:47 "false"
`threshold` is 2, and `verify` names 1
--> images.toml:8:67 "2"
`verify` names from 1 to 16 signers; `"none"` demands nobody
--> images.toml:9:34 "[]"
unknown key `verfy` in images.toml
--> images.toml:10:25 "verfy" did you mean `verify`?
unknown key `isuer` in images.toml
--> images.toml:11:51 "isuer"
help: the keys here are `identity`, `key`, `predicate`
`signatures` is a repository, without a tag and without a digest
--> images.toml:12:39 "ghcr.io/acme/k:1"
this signer is named twice, and counts once
--> images.toml:13:54 "{ key = \"./l.pub\" }"
`verify` is `"none"`, a table, or an array of tables, not a boolean
--> images.toml:14:34 "true"
`tlog` is a boolean, not a string
--> images.toml:14:47 "\"no\""
rules of trust are an array of tables: write `[[trust]]`
--> images.toml:15:2 "trust"
"#,
    );
}

#[test]
fn a_trust_root_that_is_named_is_there() {
    let text = r#"
[roots.public-good]
file = "trust/public-good.json"
sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
[images]
a = { repository = "a", verify = { identity = "a", issuer = "i", root = "public-good" } }
"#;
    assert_eq!(read(text).roots["public-good"].file.value, "trust/public-good.json");
    check(
        &text.replace("root = \"public-good\"", "root = \"public-god\""),
        r#"
there is no `[roots.public-god]`: did you mean `public-good`?
--> images.toml:6:34 "{ identity = \"a\", issuer = \"i\", root = \"public-god\" }"
"#,
    );
}

#[test]
fn a_rule_is_about_repositories() {
    check(
        "[[trust]]\nverify = \"none\"\n\n[[trust]]\nrepository = \"ghcr.io/acme/app:1\"\nverfy = \"none\"\n",
        r#"
`[[trust]]` needs `repository`
--> images.toml:1:1 "[[trust]]"
a repository is named without a tag and without a digest here
--> images.toml:5:15 "ghcr.io/acme/app:1"
unknown key `verfy` in images.toml
--> images.toml:6:1 "verfy" did you mean `verify`?
"#,
    );
}
