//! The two programs that read a policy, in miniature: what their sources say about the order of rules.

use super::*;

/// What a build gets for a source.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Gets(String),
    Denied,
}

struct ReadRule {
    action: String,
    identifier: String,
    /// BuildKit's `match_type`.
    matching: Option<String>,
    to: Option<String>,
}

fn rules(policy: &str) -> Vec<ReadRule> {
    let policy: serde_json::Value = serde_json::from_str(policy).unwrap();
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let rule = |rule: &serde_json::Value| ReadRule {
        action: text(&rule["action"]).unwrap(),
        identifier: text(&rule["selector"]["identifier"]).unwrap(),
        matching: text(&rule["selector"]["match_type"]),
        to: text(&rule["updates"]["identifier"]),
    };
    policy["rules"].as_array().unwrap().iter().map(rule).collect()
}

fn wildcard(pattern: &str, text: &str) -> bool {
    let pattern = regex::escape(pattern).replace(r"\*", ".*");
    regex::Regex::new(&format!("^{pattern}$")).unwrap().is_match(text)
}

fn wild_with_question_marks(pattern: &str, text: &str) -> bool {
    let pattern = regex::escape(pattern).replace(r"\*", ".*").replace(r"\?", ".");
    regex::Regex::new(&format!("^{pattern}$")).unwrap().is_match(text)
}

/// BuildKit: a conversion that changes something starts over; of what allows and denies, the last that fits decides.
pub(super) fn buildkit(policy: &str, source: &str) -> Verdict {
    let rules = rules(policy);
    let mut source = format!("docker-image://{source}");
    for _ in 0..20 {
        let mut denied = false;
        let mut converted = None;
        for rule in &rules {
            let fits = match rule.matching.as_deref() {
                Some("EXACT") => rule.identifier == source,
                Some("REGEX") => regex::Regex::new(&rule.identifier).unwrap().is_match(&source),
                None => wildcard(&rule.identifier, &source),
                other => panic!("{other:?}"),
            };
            match rule.action.as_str() {
                _ if !fits => {}
                "ALLOW" => denied = false,
                "DENY" => denied = true,
                _ if rule.to.as_ref() != Some(&source) => {
                    converted.clone_from(&rule.to);
                    break;
                }
                _ => {}
            }
        }
        match converted {
            Some(to) => source = to,
            None if denied => return Verdict::Denied,
            None => return Verdict::Gets(source.trim_start_matches("docker-image://").to_owned()),
        }
    }
    panic!("`{source}` is converted without end")
}

/// Buildah: the first rule that fits decides; it knows no `match_type`.
pub(super) fn buildah(policy: &str, source: &str) -> Verdict {
    let id = format!("docker-image://{source}");
    let rule = rules(policy).into_iter().find(|rule| wild_with_question_marks(&rule.identifier, &id));
    match rule.map(|rule| (rule.action, rule.to)) {
        Some((action, _)) if action == "DENY" => Verdict::Denied,
        Some((_, Some(to))) => Verdict::Gets(to.trim_start_matches("docker-image://").to_owned()),
        _ => Verdict::Gets(source.to_owned()),
    }
}

#[track_caller]
fn both(policy: &str, source: &str, expected: &Verdict) {
    assert_eq!(&buildkit(policy, source), expected, "buildkit: {source}");
    assert_eq!(&buildah(policy, source), expected, "buildah: {source}");
}

#[test]
fn a_locked_image_is_pinned_and_every_other_denied() {
    let text = policy("", &lock(&[("web", "nginx:latest", "a"), ("v6", "[::1]:5000/x/y:1", "b")]));
    let (a, b) = (digest("a"), digest("b"));
    let nginx = "docker.io/library/nginx";
    let pinned = Verdict::Gets(format!("{nginx}:latest@{a}"));
    both(&text, &format!("{nginx}:latest"), &pinned);
    assert_eq!(buildah(&text, nginx), pinned);
    both(&text, "[::1]:5000/x/y:1", &Verdict::Gets(format!("[::1]:5000/x/y:1@{b}")));
    for own in [format!("{nginx}@{a}"), format!("{nginx}:latest@{a}")] {
        both(&text, &own, &Verdict::Gets(own.clone()));
    }
    let other = digest("other");
    for source in ["docker.io/library/nginx:1", "docker.io/library/nginxx:latest", "docker.io/docker/dockerfile:1"] {
        both(&text, source, &Verdict::Denied);
    }
    both(&text, &format!("{nginx}:latest@{other}"), &Verdict::Denied);
    // A tag that the lock does not have beside this digest says something that nobody locked.
    both(&text, &format!("{nginx}:1.27@{a}"), &Verdict::Denied);
    both(&text, &format!("docker.io/evil/nginx@{a}"), &Verdict::Denied);
}

#[test]
fn what_is_allowed_passes_as_it_is() {
    let allow =
        "allow = [\"docker/dockerfile\", \"moby/buildkit:v1\", \"ghcr.io/acme/*\", \"quay.io/*\", \"bitnami/*\"]\n";
    let text = policy(allow, &lock(&[("web", "ghcr.io/acme/web:1", "a")]));
    let some = digest("some");
    for source in [
        "docker.io/docker/dockerfile:1".to_owned(),
        format!("docker.io/docker/dockerfile:1.7@{some}"),
        format!("docker.io/docker/dockerfile@{some}"),
        "docker.io/moby/buildkit:v1".to_owned(),
        format!("docker.io/moby/buildkit:v1@{some}"),
        "ghcr.io/acme/other:1".to_owned(),
        "quay.io/a/b/c:1".to_owned(),
        "docker.io/bitnami/redis:8".to_owned(),
    ] {
        both(&text, &source, &Verdict::Gets(source.clone()));
    }
    for source in ["docker.io/docker/dockerfile2:1", "docker.io/moby/buildkit:v2", "ghcr.io/acmeee/x:1"] {
        both(&text, source, &Verdict::Denied);
    }
    // A pin goes before a permission.
    both(&text, "ghcr.io/acme/web:1", &Verdict::Gets(format!("ghcr.io/acme/web:1@{}", digest("a"))));
}

#[test]
fn an_alias_gets_the_image_that_it_stands_for() {
    let text = policy(
        "aliases = { \"postgres:16-alpine\" = \"db\", base = \"db\" }\n",
        &lock(&[("db", "postgres:16.9", "a")]),
    );
    let pinned = Verdict::Gets(format!("docker.io/library/postgres:16.9@{}", digest("a")));
    for source in
        ["docker.io/library/postgres:16-alpine", "docker.io/library/postgres:16.9", "docker.io/library/base:latest"]
    {
        both(&text, source, &pinned);
    }
}

#[test]
fn an_alias_cannot_take_another_image_s_place() {
    let lock = lock(&[("a", "nginx:1", "a"), ("b", "nginx:2", "b")]);
    let project = format!("{PROJECT_HEAD}aliases = {{ \"nginx:1\" = \"b\" }}\n");
    let error = render_with(&project, &lock, &Rewrites::default()).unwrap_err();
    assert!(error.to_string().starts_with("`a` and `b` are two digests of `docker.io/library/nginx:1`"), "{error}");
}

#[test]
fn a_registry_that_stands_in_gives_the_same_digests() {
    let mut rewrites = Rewrites::default();
    rewrites.insert("docker.io".parse().unwrap(), "mirror.example.com/hub".parse().unwrap());
    let project = PROJECT_HEAD.to_owned();
    let outputs = render_with(&project, &lock(&[("web", "nginx:1", "a")]), &rewrites).unwrap();
    let (text, a, mirror) = (text(&outputs[0]), digest("a"), "mirror.example.com/hub/library/nginx");
    for source in ["docker.io/library/nginx:1".to_owned(), format!("{mirror}:1")] {
        both(&text, &source, &Verdict::Gets(format!("{mirror}:1@{a}")));
    }
    for own in ["docker.io/library/nginx", mirror] {
        both(&text, &format!("{own}@{a}"), &Verdict::Gets(format!("{mirror}@{a}")));
        both(&text, &format!("{own}:1@{a}"), &Verdict::Gets(format!("{mirror}:1@{a}")));
    }
    both(&text, "docker.io/library/nginx:2", &Verdict::Denied);
}
