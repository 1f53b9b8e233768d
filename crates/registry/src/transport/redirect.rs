//! Where an answer may send the client on to. Credentials never go along to another host.

use url::Url;

use super::realm::{authority, is_inside, is_loopback};

/// How often one request is sent on.
pub(crate) const MOST: usize = 5;

/// Registries that are known to answer for manifests from other hosts.
const PAIRS: &[(&str, &str)] = &[("registry.k8s.io", "*.pkg.dev")];

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// A manifest, by tag or by digest, or a list of tags: the registry's own word.
    Word,
    /// A blob, which its digest protects: registries keep blobs on other hosts.
    Blob,
    /// A token. No redirect is an answer to a request that may carry a password.
    Token,
    /// What is written. It goes to the registry itself.
    Upload,
}

/// Judges a redirect of `registry` from `from` to `to`.
pub(crate) fn judge(
    content: Content,
    registry: &Url,
    from: &Url,
    to: &Url,
    redirect_hosts: &[String],
) -> Result<(), String> {
    let refuse = |why: &str| Err(format!("a redirect to {} is not followed: {why}", authority(to)));
    match (from.scheme(), to.scheme()) {
        ("https" | "http", "https") | ("http", "http") => {}
        ("https", "http") => return refuse("it leads from HTTPS to plain HTTP"),
        _ => return refuse("it does not lead to HTTPS"),
    }
    if !to.username().is_empty() || to.password().is_some() {
        return refuse("it holds a user name");
    }
    if to.origin() == registry.origin() {
        return Ok(());
    }
    let (Some(host), Some(own)) = (to.host_str(), registry.host_str()) else { return refuse("it has no host") };
    let known = PAIRS.iter().any(|&(registry, pattern)| registry == own && fits(pattern, host));
    if known || is_named(redirect_hosts, to) {
        return Ok(());
    }
    if content != Content::Blob {
        return refuse(
            "manifests and tags come from the registry itself (`redirect-hosts` of the registry allows others)",
        );
    }
    if is_inside(to) && !is_loopback(registry) {
        return refuse("it leads to this machine or its own network (`redirect-hosts` of the registry allows it)");
    }
    Ok(())
}

/// Whether the user names the host of an address among those that a registry may redirect to.
pub(crate) fn is_named(redirect_hosts: &[String], to: &Url) -> bool {
    let Some(host) = to.host_str() else { return false };
    redirect_hosts.iter().any(|pattern| fits(pattern, host) || *pattern == authority(to))
}

pub(super) fn fits(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(suffix) => suffix.starts_with('.') && host.len() > suffix.len() && host.ends_with(suffix),
        None => pattern == host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follows(content: Content, from: &str, to: &str, allowed: &[&str]) -> bool {
        let allowed: Vec<String> = allowed.iter().map(|&host| host.to_owned()).collect();
        let from: Url = from.parse().unwrap();
        judge(content, &from, &from, &to.parse().unwrap(), &allowed).is_ok()
    }

    #[test]
    fn manifests_stay_with_their_registry() {
        let follows = |to, allowed: &[&str]| follows(Content::Word, "https://a.example/v2/x", to, allowed);
        assert!(follows("https://a.example/v2/y", &[]));
        assert!(!follows("https://a.example:8443/v2/y", &[]));
        assert!(!follows("https://b.example/v2/y", &[]));
        assert!(follows("https://b.example/v2/y", &["b.example"]));
        assert!(follows("https://c.b.example/v2/y", &["*.b.example"]));
        assert!(!follows("https://cb.example/v2/y", &["*.b.example"]));
    }

    #[test]
    fn a_star_stands_for_whole_labels_and_for_one_at_least() {
        assert!(fits("b.example", "b.example") && fits("*.b.example", "a.b.example"));
        for (pattern, host) in [
            ("*.b.example", "b.example"),
            ("*.b.example", ".b.example"),
            ("*b.example", "cb.example"),
            ("*", "b.example"),
            ("b.example", "a.b.example"),
        ] {
            assert!(!fits(pattern, host), "{pattern}: {host}");
        }
    }

    #[test]
    fn a_registry_that_is_known_to_answer_elsewhere_may() {
        let from = "https://registry.k8s.io/v2/pause/manifests/3.9";
        assert!(follows(Content::Word, from, "https://europe-west4-docker.pkg.dev/v2/x", &[]));
        assert!(!follows(Content::Word, from, "https://pkg.dev.evil.example/v2/x", &[]));
    }

    #[test]
    fn blobs_may_lie_elsewhere_but_not_inside() {
        let follows = |to: &str| follows(Content::Blob, "https://a.example/v2/x", to, &[]);
        assert!(follows("https://storage.example/blob?signature=1"));
        for to in ["http://storage.example/", "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/x"] {
            assert!(!follows(to), "{to}");
        }
        for user in ["user:secret", "user", ":secret"] {
            assert!(!follows(&format!("https://{user}@storage.example/")), "{user}");
        }
        assert!(!follows("file:///etc/passwd"));
        let (own, plain): (Url, Url) =
            ("https://a.example".parse().unwrap(), "http://storage.example".parse().unwrap());
        let told = judge(Content::Blob, &own, &own, &plain, &[]).unwrap_err();
        assert!(told.ends_with("it leads from HTTPS to plain HTTP"), "{told}");
    }
}
