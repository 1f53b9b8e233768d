//! What one host asks for before it answers, by repository.
//!
//! Hosts ask for a password for some repositories and for a token for others. What a host said first holds for all of
//! its repositories, and what it says otherwise holds for one: the two do not displace each other.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use super::auth::Challenge;

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
    /// Scopes that are not `repository:<path>:pull`, by path.
    scopes: BTreeMap<String, String>,
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
    pub(crate) fn learn(&self, challenge: &Challenge, path: &str) {
        let challenge = self.without_scope(challenge, path);
        let mut known = self.known();
        if *known.usual.get_or_insert_with(|| challenge.clone()) == challenge {
            known.other.remove(path);
        } else {
            known.other.insert(path.to_owned(), challenge);
        }
    }

    /// Keeps what is asked for before one repository is read, and leaves the others, which were public so far.
    pub(crate) fn learn_for(&self, challenge: &Challenge, path: &str) {
        let challenge = self.without_scope(challenge, path);
        self.known().other.insert(path.to_owned(), challenge);
    }

    /// The scope of the token for a repository.
    pub(crate) fn scope(&self, path: &str) -> String {
        self.known().scopes.get(path).cloned().unwrap_or_else(|| usual_scope(path))
    }

    fn without_scope(&self, challenge: &Challenge, path: &str) -> Challenge {
        let mut challenge = challenge.clone();
        if let Challenge::Bearer { scope, .. } = &mut challenge
            && let Some(scope) = scope.take()
            && scope != usual_scope(path)
        {
            self.known().scopes.insert(path.to_owned(), scope);
        }
        challenge
    }
}

fn usual_scope(path: &str) -> String {
    format!("repository:{path}:pull")
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
        challenges.learn(&bearer(Some("repository:a:pull")), "a");
        challenges.learn(&Challenge::Basic, "b");
        challenges.learn(&bearer(Some("repository:c:pull")), "c");
        for (path, expected) in
            [("a", bearer(None)), ("b", Challenge::Basic), ("c", bearer(None)), ("new", bearer(None))]
        {
            assert_eq!(challenges.of(path), Some(expected), "{path}");
        }
        challenges.learn(&bearer(None), "b");
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
        challenges.learn(&bearer(Some("repository:a:pull,push")), "a");
        challenges.learn(&bearer(Some("repository:b:pull")), "b");
        assert_eq!(challenges.scope("a"), "repository:a:pull,push");
        assert_eq!(challenges.scope("b"), "repository:b:pull");
        assert_eq!(challenges.known().scopes.len(), 1);
    }
}
