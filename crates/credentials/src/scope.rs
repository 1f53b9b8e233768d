//! The keys under which credentials are kept, brought to one form.
//!
//! Docker writes `ghcr.io` or `https://ghcr.io/v1/`, Podman writes `ghcr.io` or `ghcr.io/team/app`, and Docker Hub
//! has three names. A *scope* is the common form: `host[/path]`, the host in lower case, no scheme and no API version.

/// Docker Hub's names, in the order in which they are looked up.
const DOCKER_HUB: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/// The address under which Docker keeps the credentials of Docker Hub in a helper.
const DOCKER_HUB_ADDRESS: &str = "https://index.docker.io/v1/";

/// Returns the scope that a key of a credentials file stands for.
pub(crate) fn of_key(key: &str) -> String {
    let bare = without_scheme(key);
    // Only an address ends with a slash or has a scheme; in any other key `v1` is somebody's namespace.
    let is_address = bare.len() != key.len() || bare.ends_with('/');
    let bare = bare.trim_end_matches('/');
    let (host, path) = bare.split_once('/').unwrap_or((bare, ""));
    let host = host.to_ascii_lowercase();
    match path {
        "" => host,
        "v1" | "v2" if is_address => host,
        path => format!("{host}/{path}"),
    }
}

/// Returns the scopes that may hold a repository's credentials, the most specific first.
pub(crate) fn candidates(host: &str, repository: &str) -> Vec<String> {
    let names = names(host);
    let mut scopes = Vec::new();
    let mut path = repository.trim_matches('/');
    while !path.is_empty() {
        scopes.extend(names.iter().map(|name| format!("{name}/{path}")));
        path = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    }
    scopes.extend(names);
    scopes
}

/// Returns the names of a host, in the order in which they are looked up.
pub(crate) fn names(host: &str) -> Vec<String> {
    let host = host.to_ascii_lowercase();
    if DOCKER_HUB.contains(&host.as_str()) { DOCKER_HUB.map(str::to_owned).to_vec() } else { vec![host] }
}

/// Returns the address with which a helper is asked about a host.
pub(crate) fn helper_address(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    if DOCKER_HUB.contains(&host.as_str()) { DOCKER_HUB_ADDRESS.to_owned() } else { host }
}

/// Whether two names mean the same registry.
pub(crate) fn same_host(one: &str, other: &str) -> bool {
    helper_address(one) == helper_address(other)
}

/// Whether the text can be `name[:port]` or `[address]:port`. A line break, for one, would end the question that a
/// helper reads.
pub(crate) fn is_host(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte))
}

fn without_scheme(key: &str) -> &str {
    for scheme in ["https://", "http://"] {
        if let Some((head, rest)) = key.split_at_checked(scheme.len())
            && head.eq_ignore_ascii_case(scheme)
        {
            return rest;
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_of_every_client_come_to_one_form() {
        for (key, scope) in [
            ("ghcr.io", "ghcr.io"),
            ("GHCR.io", "ghcr.io"),
            ("https://ghcr.io", "ghcr.io"),
            ("HTTPS://ghcr.io/", "ghcr.io"),
            ("http://localhost:5000", "localhost:5000"),
            ("https://index.docker.io/v1/", "index.docker.io"),
            ("https://quay.io/v2", "quay.io"),
            ("index.docker.io/v1/", "index.docker.io"),
            ("quay.io/v1", "quay.io/v1"),
            ("quay.io/Team/app", "quay.io/Team/app"),
            ("https://quay.io/team", "quay.io/team"),
            ("[::1]:5000/a", "[::1]:5000/a"),
            ("", ""),
            ("https://", ""),
        ] {
            assert_eq!(of_key(key), scope, "{key}");
        }
    }

    #[test]
    fn the_longest_path_is_tried_first() {
        assert_eq!(
            candidates("Quay.io", "org/team/app"),
            ["quay.io/org/team/app", "quay.io/org/team", "quay.io/org", "quay.io"]
        );
    }

    #[test]
    fn docker_hub_is_tried_under_each_name_before_the_path_is_shortened() {
        assert_eq!(
            candidates("index.docker.io", "acme"),
            [
                "docker.io/acme",
                "index.docker.io/acme",
                "registry-1.docker.io/acme",
                "docker.io",
                "index.docker.io",
                "registry-1.docker.io"
            ]
        );
    }

    #[test]
    fn text_that_could_speak_to_a_helper_is_no_host() {
        for text in ["", "ghcr.io\nevil.example", "ghcr.io/x", "user@ghcr.io", "a b", "\u{1b}[31m"] {
            assert!(!is_host(text), "{text:?}");
        }
        for text in ["ghcr.io", "localhost:5000", "[::1]:5000"] {
            assert!(is_host(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_scope_is_its_own_scope(host in "[a-z0-9.]{1,12}(:[0-9]{1,5})?", path in "(/[a-z0-9]{1,5}){0,3}") {
            let scope = of_key(&format!("{host}{path}"));
            prop_assert_eq!(of_key(&scope), scope);
        }

        #[test]
        fn any_text_is_a_key(key in any::<String>()) {
            prop_assert!(!of_key(&key).ends_with('/'));
        }
    }
}
