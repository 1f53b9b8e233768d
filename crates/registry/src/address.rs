//! The addresses of the distribution API: `/v2/<repository>/<kind>/…` (OCI distribution-spec, "Endpoints").

/// Returns the repository that the path of an address names: `/v2/library/redis/manifests/8` is of `library/redis`.
pub fn repository_path(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("/v2/")?;
    // A repository may be called `manifests` too, so the last one counts.
    let kinds = ["/manifests/", "/blobs/", "/referrers/", "/tags/list"];
    let end = kinds.iter().filter_map(|kind| rest.rfind(kind)).max()?;
    rest.get(..end).filter(|path| !path.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_what_stands_before_the_last_kind() {
        for (path, repository) in [
            ("/v2/library/redis/manifests/8", Some("library/redis")),
            ("/v2/a/blobs/b/blobs/sha256:00", Some("a/blobs/b")),
            ("/v2/a/manifests/tags/list", Some("a/manifests")),
            ("/v2/a/tags/list", Some("a")),
            ("/v2/a/referrers/sha256:00", Some("a")),
            ("/v2//blobs/sha256:00", None),
            ("/v2/manifests/8", None),
            ("/v2/", None),
            ("/v1/a/manifests/8", None),
            ("", None),
        ] {
            assert_eq!(repository_path(path), repository, "{path}");
        }
    }
}
