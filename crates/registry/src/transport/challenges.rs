//! What one host asks for before it answers, by repository.
//!
//! Hosts ask for a password for some repositories and for a token for others. What a host said first holds for all of
//! its repositories, and what it says otherwise holds for one: the two do not displace each other.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use super::auth::Challenge;

/// What a request does to a repository, and so what its token has to be good for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Access {
    /// It reads.
    Read,
    /// It writes, or asks what there is to be written.
    Write,
    /// It takes a blob over from another repository of the host.
    Mount(String),
}

impl Access {
    /// The scope of a token that is good for it (distribution's token specification): no request that reads has one that is
    /// good for writing.
    fn scope(&self, path: &str) -> String {
        match self {
            Self::Read => format!("repository:{path}:pull"),
            Self::Write | Self::Mount(_) => format!("repository:{path}:pull,push"),
        }
    }
}

/// The challenges of a host.
#[derive(Debug, Default)]
pub(crate) struct Challenges {
    known: Mutex<KnownChallenge>,
    /// What `/v2/` answered to a request without a login, where it was asked.
    pub(crate) at_base: OnceCell<Option<Challenge>>,
}

#[derive(Debug, Default)]
struct KnownChallenge {
    /// What was said first, without a scope.
    usual: Option<Challenge>,
    /// What is not the usual, by path.
    other: BTreeMap<String, Challenge>,
    /// Scopes that are not the usual ones.
    scopes: BTreeMap<(String, Access), String>,
}

impl Challenges {
    fn known(&self) -> MutexGuard<'_, KnownChallenge> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is asked for before a repository is read.
    pub(crate) fn of(&self, path: &str) -> Option<Challenge> {
        let known = self.known();
        known.other.get(path).or(known.usual.as_ref()).cloned()
    }

    /// Keeps what was asked for before a repository was read: it is the first guess for every other repository.
    pub(crate) fn learn(&self, challenge: &Challenge, path: &str, access: &Access) {
        let challenge = self.without_scope(challenge, path, access);
        let mut known = self.known();
        if *known.usual.get_or_insert_with(|| challenge.clone()) == challenge {
            known.other.remove(path);
        } else {
            known.other.insert(path.to_owned(), challenge);
        }
    }

    /// Keeps what is asked for before one repository is read, and leaves the others, which were public so far.
    pub(crate) fn learn_for(&self, challenge: &Challenge, path: &str) {
        let challenge = self.without_scope(challenge, path, &Access::Read);
        self.known().other.insert(path.to_owned(), challenge);
    }

    /// The scope of the token for a repository.
    pub(crate) fn scope(&self, path: &str, access: &Access) -> String {
        let Access::Mount(from) = access else {
            let key = (path.to_owned(), access.clone());
            return self.known().scopes.get(&key).cloned().unwrap_or_else(|| access.scope(path));
        };
        let (to, from) = (self.scope(path, &Access::Write), Access::Read.scope(from));
        format!("{to} {from}")
    }

    fn without_scope(&self, challenge: &Challenge, path: &str, access: &Access) -> Challenge {
        let mut challenge = challenge.clone();
        if let Challenge::Bearer { scope, .. } = &mut challenge
            && let Some(scope) = scope.take()
            && scope != access.scope(path)
            // What a mount takes is what its two repositories take.
            && !matches!(access, Access::Mount(_))
        {
            self.known().scopes.insert((path.to_owned(), access.clone()), scope);
        }
        challenge
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(scope: Option<&str>) -> Challenge {
        Challenge::Bearer { realm: "https://a.example/t".to_owned(), service: None, scope: scope.map(str::to_owned) }
    }

    #[test]
    fn two_kinds_of_one_host_do_not_displace_each_other() {
        let challenges = Challenges::default();
        assert_eq!(challenges.of("a"), None);
        challenges.learn(&bearer(Some("repository:a:pull")), "a", &Access::Read);
        challenges.learn(&Challenge::Basic, "b", &Access::Read);
        challenges.learn(&bearer(Some("repository:c:pull")), "c", &Access::Read);
        for (path, expected) in
            [("a", bearer(None)), ("b", Challenge::Basic), ("c", bearer(None)), ("new", bearer(None))]
        {
            assert_eq!(challenges.of(path), Some(expected), "{path}");
        }
        challenges.learn(&bearer(None), "b", &Access::Read);
        assert_eq!(challenges.of("b"), Some(bearer(None)), "what it says last holds");
    }

    #[test]
    fn what_is_learned_for_one_repository_is_no_guess_for_another() {
        let challenges = Challenges::default();
        challenges.learn_for(&Challenge::Basic, "a");
        assert_eq!((challenges.of("a"), challenges.of("b")), (Some(Challenge::Basic), None));
    }

    #[test]
    fn only_an_unusual_scope_is_kept() {
        let challenges = Challenges::default();
        challenges.learn(&bearer(Some("repository:a:pull,push")), "a", &Access::Read);
        challenges.learn(&bearer(Some("repository:b:pull")), "b", &Access::Read);
        assert_eq!(challenges.scope("a", &Access::Read), "repository:a:pull,push");
        assert_eq!(challenges.scope("b", &Access::Read), "repository:b:pull");
        assert_eq!(challenges.known().scopes.len(), 1);
    }

    #[test]
    fn what_writes_has_a_scope_of_its_own() {
        let challenges = Challenges::default();
        challenges.learn(&bearer(Some("repository:a:pull,push")), "a", &Access::Write);
        challenges.learn(&bearer(Some("repository:b:push,pull,delete")), "b", &Access::Write);
        assert_eq!(challenges.scope("a", &Access::Read), "repository:a:pull");
        assert_eq!(challenges.scope("a", &Access::Write), "repository:a:pull,push");
        assert_eq!(challenges.scope("b", &Access::Read), "repository:b:pull");
        let mount = Access::Mount("a".to_owned());
        assert_eq!(challenges.scope("b", &mount), "repository:b:push,pull,delete repository:a:pull");
    }
}
