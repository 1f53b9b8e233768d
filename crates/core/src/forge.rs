//! Where a forge shows the commits between two revisions.
//!
//! What a publisher wrote makes a link only where its shape is known: `https`, a host that is called as its kind of forge is,
//! and a path of plain names. Revisions are names of commits. Nothing is asked of any host.

/// The kinds of forges, which show differences at different paths.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Forge {
    GitHub,
    GitLab,
    /// Gitea, and Forgejo, which came of it.
    Gitea,
}

impl Forge {
    /// What a host is: a name that everybody knows, or one whose first part says it, as those of companies do.
    fn of(host: &str) -> Option<Self> {
        let name = match host {
            "codeberg.org" => "forgejo",
            host => host.split('.').next().unwrap_or(host),
        };
        match name {
            "github" => Some(Self::GitHub),
            "gitlab" => Some(Self::GitLab),
            "gitea" | "forgejo" => Some(Self::Gitea),
            _ => None,
        }
    }
}

/// What a source says without what does not tell repositories apart: where in it something lies, and Git's ending.
///
/// ```
/// use imagelock_core::forge::project;
///
/// let official = "https://github.com/docker-library/postgres.git#8b9b0a5:16/alpine";
/// assert_eq!(project(official), "https://github.com/docker-library/postgres");
/// ```
pub fn project(source: &str) -> &str {
    let end = source.find(['#', '?']).unwrap_or(source.len());
    let whole = source[..end].trim_end_matches('/');
    // What is behind these is a folder of the repository.
    let end = ["/-/tree/", "/-/blob/", "/tree/", "/blob/"].iter().find_map(|folder| whole.find(folder));
    let whole = &whole[..end.unwrap_or(whole.len())];
    whole.strip_suffix(".git").unwrap_or(whole)
}

/// The page with what was committed between two revisions of a source, where there is one that is known.
///
/// ```
/// use imagelock_core::forge::compare_link;
///
/// let link = compare_link("https://gitlab.com/acme/team/static.git", "0c2d1f9", "77c01be");
/// assert_eq!(link.as_deref(), Some("https://gitlab.com/acme/team/static/-/compare/0c2d1f9...77c01be"));
/// assert_eq!(compare_link("https://example.com/acme/static", "0c2d1f9", "77c01be"), None);
/// ```
pub fn compare_link(source: &str, from: &str, to: &str) -> Option<String> {
    let commit = |text: &str| (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !commit(from) || !commit(to) || from == to {
        return None;
    }
    let (host, path) = place(source)?;
    let depth = path.split('/').count();
    let (between, fits) = match Forge::of(host)? {
        Forge::GitHub | Forge::Gitea => ("compare", depth == 2),
        // Groups have groups, at most 20 deep.
        Forge::GitLab => ("-/compare", (2..=21).contains(&depth)),
    };
    fits.then(|| format!("https://{host}/{path}/{between}/{from}...{to}"))
}

/// The page of a source: of what publishers write, only what has the shape of one makes a link.
///
/// ```
/// use imagelock_core::forge::page;
///
/// assert_eq!(page("https://example.com/acme/static.git").as_deref(), Some("https://example.com/acme/static"));
/// assert_eq!(page("javascript:alert(1)"), None);
/// ```
pub fn page(source: &str) -> Option<String> {
    let (host, path) = place(source)?;
    Some(format!("https://{host}/{path}"))
}

/// The host and the path of a source, where they are made of plain names.
fn place(source: &str) -> Option<(&str, &str)> {
    let (host, path) = project(source).strip_prefix("https://")?.split_once('/')?;
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_alphanumeric() || b"._-".contains(&c));
    let named = |part: &str| plain(part) && !part.bytes().all(|c| c == b'.') && part != "-";
    (host.split('.').all(plain) && path.split('/').all(named)).then_some((host, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: &str = "0c2d1f9aa0c2d1f9aa0c2d1f9aa0c2d1f9aa0c2d";
    const TO: &str = "77c01be";

    #[test]
    fn each_forge_shows_differences_at_a_path_of_its_own() {
        let rows = [
            ("https://github.com/acme/static", "https://github.com/acme/static/compare/"),
            ("https://github.com/acme/static.git", "https://github.com/acme/static/compare/"),
            ("https://github.com/acme/static/", "https://github.com/acme/static/compare/"),
            ("https://github.com/acme/static.git#0c2d1f9:16/alpine3.22", "https://github.com/acme/static/compare/"),
            ("https://github.com/acme/images/tree/main/images/static", "https://github.com/acme/images/compare/"),
            ("https://github.example.com/acme/static", "https://github.example.com/acme/static/compare/"),
            ("https://gitlab.com/acme/static", "https://gitlab.com/acme/static/-/compare/"),
            ("https://gitlab.example.com/a/b/c/static", "https://gitlab.example.com/a/b/c/static/-/compare/"),
            ("https://gitlab.com/a/b/-/tree/main/x", "https://gitlab.com/a/b/-/compare/"),
            ("https://gitea.example.com/acme/static", "https://gitea.example.com/acme/static/compare/"),
            ("https://codeberg.org/acme/static", "https://codeberg.org/acme/static/compare/"),
        ];
        for (source, expected) in rows {
            assert_eq!(compare_link(source, FROM, TO), Some(format!("{expected}{FROM}...{TO}")), "{source}");
        }
    }

    #[test]
    fn what_is_not_known_makes_no_link() {
        for source in [
            "",
            "http://github.com/acme/static",
            "HTTPS://github.com/acme/static",
            "ssh://git@github.com/acme/static",
            "git@github.com:acme/static",
            "javascript:alert(1)//github.com/acme/static",
            "https://user:password@github.com/acme/static",
            "https://github.com:444/acme/static",
            "https://github.com@evil.example/acme/static",
            "https://evil.example/github.com/acme/static",
            "https://git.example.com/acme/static",
            "https://bitbucket.org/acme/static",
            "https://github.com/acme",
            "https://github.com/acme/static/pull/1",
            "https://github.com/acme/../static",
            "https://github.com/acme/stat ic",
            "https://github.com/acme/static)[x](https://evil.example",
            "https://github.com/acme/st%61tic",
            "https://github.com//static",
            "https://github..com/acme/static",
            "https://github.com/acme/static\n",
            "https://gítlab.com/acme/static",
            "https://gitlab.com/acme/-/static",
        ] {
            assert_eq!(compare_link(source, FROM, TO), None, "{source}");
        }
        for revision in ["", "abc", "main", "v1.2.3", "77c01be...evil", "77c01be?x=1", "77c01bg", &"a".repeat(65), FROM]
        {
            assert_eq!(compare_link("https://github.com/acme/static", FROM, revision), None, "{revision}");
        }
    }

    #[test]
    fn one_repository_has_one_name() {
        let all = [
            "https://x.example/a/b",
            "https://x.example/a/b/",
            "https://x.example/a/b.git#main",
            "https://x.example/a/b/tree/x/y",
        ];
        assert!(all.iter().all(|source| project(source) == all[0]));
        assert_eq!(project("#"), "");
    }
}
