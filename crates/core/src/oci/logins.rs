//! Logins in what publishers say of their images: a build that was given `https://user:token@host/repository` writes it
//! into the image, and a lock is read by more people than an image is.

use std::borrow::Cow;

use crate::digest::Digest;

/// The text without what addresses in it may hold of a login: what stands in front of a host's `@`, and queries. Nothing
/// where it cannot be told which part that is, and where nothing is left.
pub fn without(text: &str) -> Option<String> {
    let mut kept = String::with_capacity(text.len());
    for word in text.split_inclusive(char::is_whitespace) {
        kept.push_str(&without_logins(&without_values(word))?);
    }
    (!kept.trim().is_empty()).then_some(kept)
}

/// A word without its query and its fragment, where they have values: in `#COMMIT:FOLDER` there are none.
fn without_values(word: &str) -> Cow<'_, str> {
    let address = word.trim_end();
    let (address, fragment) = address.split_at(address.find('#').unwrap_or(address.len()));
    let (path, query) = address.split_at(address.find('?').unwrap_or(address.len()));
    if !path.contains('/') || !query.contains('=') && !fragment.contains('=') {
        return Cow::Borrowed(word);
    }
    let keep = |part: &str| if part.contains('=') { String::new() } else { part.to_owned() };
    Cow::Owned(format!("{path}{}{}{}", keep(query), keep(fragment), &word[word.trim_end().len()..]))
}

/// A word without logins in front of hosts. With a `/` in a password nobody can tell where it ends.
fn without_logins(word: &str) -> Option<String> {
    let mut kept = String::with_capacity(word.len());
    let mut left = word;
    while !left.is_empty() {
        let end = left.find(['/', '\\']).map_or(left.len(), |at| at + 1);
        let (part, rest) = left.split_at(end);
        let in_authority = kept.ends_with("//") || kept.ends_with("\\\\");
        kept.push_str(match part.rsplit_once('@') {
            Some((login, host)) if (in_authority || login.contains(':')) && !is_digest(host) => host,
            None if in_authority && rest.contains('@') && !has_port(part) => return None,
            _ => part,
        });
        left = rest;
    }
    Some(kept)
}

/// Whether what stands behind an `@` is the digest of a reference, and so what stands in front of it its name.
fn is_digest(text: &str) -> bool {
    text.trim_end().parse::<Digest>().is_ok()
}

/// Whether what stands behind a host's `:` is a port, if there is one.
fn has_port(authority: &str) -> bool {
    let host = authority.trim_end_matches(['/', '\\']);
    let host = host.rsplit_once(']').map_or(host, |(_, behind)| behind);
    host.split_once(':').is_none_or(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_and_queries_are_taken_out_and_all_else_stays() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for same in [
            "https://github.com/docker-library/postgres.git#3f1a0b:16/alpine3.20",
            "https://git.example:8443/a/b",
            "https://[::1]:8443/a/@b",
            "git@github.com:acme/app.git",
            "https://proxy.example/mod@v1.2",
            "http://a.example/?",
            "alpine:3.20",
            &format!("docker.io/library/alpine:3@{digest}"),
            &format!("alpine:3@{digest}"),
            &format!("docker-image://alpine:3@{digest}"),
            &format!("localhost:5000/a/b@{digest}"),
            "1.24 \"x\" \\ ${x} {{ y }}",
            "a = b",
            "a?b=c",
            " x  y\n",
        ] {
            assert_eq!(without(same).as_deref(), Some(same));
        }
        for (said, kept) in [
            ("https://anna:hunter2@git.example/a.git#main", "https://git.example/a.git#main"),
            ("https://hunter2@git.example", "https://git.example"),
            ("https://anna:hunter@2@git.example/a", "https://git.example/a"),
            ("https:/anna:hunter2@git.example/a", "https:/git.example/a"),
            ("https:\\\\hunter2@git.example\\a", "https:\\\\git.example\\a"),
            ("//hunter2@git.example/a", "//git.example/a"),
            ("anna:hunter2@reg.example/app:1", "reg.example/app:1"),
            ("anna:hunter2@reg.example", "reg.example"),
            (&format!("anna:hunter2@reg.example/app:1@{digest}"), &format!("reg.example/app:1@{digest}")),
            ("https://git.example/a?private_token=hunter2", "https://git.example/a"),
            ("https://git.example/a?private_token=hunter2#main", "https://git.example/a#main"),
            ("https://git.example/a#access_token=hunter2&x", "https://git.example/a"),
            ("git.example/a?t=hunter2", "git.example/a"),
            (
                "see https://anna:hunter2@git.example/a and\nhttps://b?x=hunter2 ",
                "see https://git.example/a and\nhttps://b ",
            ),
        ] {
            assert_eq!(without(said).as_deref(), Some(kept), "{said}");
        }
        for none in ["https://anna:hunter/2@git.example/a", "https://anna:hunter/2/@x", "", " "] {
            assert_eq!(without(none), None, "{none:?}");
        }
    }
}
