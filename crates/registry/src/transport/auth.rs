//! `WWW-Authenticate` (RFC 9110, section 11.6.1): what a registry asks for, out of all its headers.

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

use crate::error::quoted;

/// What a registry wants before it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// A user name and a password with every request.
    Basic,
    /// A token from a service.
    Bearer {
        realm: String,
        service: Option<String>,
        /// The scope of the request that was refused.
        scope: Option<String>,
    },
}

impl Challenge {
    /// Takes out the scope, where the challenge answers another request than the one that a token is wanted for.
    pub(crate) fn without_scope(mut self) -> Self {
        if let Self::Bearer { scope, .. } = &mut self {
            *scope = None;
        }
        self
    }
}

/// Returns the challenge to answer: a token rather than a password, since a token says less.
pub(crate) fn challenge(headers: &HeaderMap) -> Option<Challenge> {
    let texts = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    let all: Vec<Challenge> = texts.flat_map(parse).filter_map(understood).collect();
    let bearer = all.iter().find(|challenge| matches!(challenge, Challenge::Bearer { .. }));
    bearer.or_else(|| all.first()).cloned()
}

/// A challenge as it is written.
pub(crate) struct Written {
    /// In lower case.
    pub(crate) scheme: String,
    /// The names in lower case, in the order in which they stand.
    pub(crate) parameters: Vec<(String, String)>,
}

/// Returns the header as it stands, for those whom it has to be shown.
pub(crate) fn as_written(headers: &HeaderMap) -> String {
    let texts = headers.get_all(WWW_AUTHENTICATE).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    quoted(&texts.collect::<Vec<_>>().join(", "))
}

fn understood(written: Written) -> Option<Challenge> {
    let Written { scheme, mut parameters } = written;
    let mut take = |name: &str| {
        let at = parameters.iter().position(|(key, _)| key == name)?;
        Some(parameters.swap_remove(at).1)
    };
    match scheme.as_str() {
        "basic" => Some(Challenge::Basic),
        "bearer" => {
            // No address has a space in it: what follows would be lost with it, or become a part of it.
            let realm = take("realm").filter(|realm| !realm.contains(char::is_whitespace))?;
            let scope = take("scope").filter(|scope| !scope.trim().is_empty());
            Some(Challenge::Bearer { realm, service: take("service"), scope })
        }
        _ => None,
    }
}

/// Parses one header, which may hold several challenges. What breaks the grammar ends the parse; the challenges before
/// it count, and the one that it stands in does not: half of it may ask for something else.
pub(crate) fn parse(text: &str) -> Vec<Written> {
    let mut rest = text;
    let mut all: Vec<Written> = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let end = rest.find(|c: char| !is_token(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if word.is_empty() {
            return all;
        }
        let value = after.trim_start_matches([' ', '\t']).strip_prefix('=');
        match (value, all.last_mut()) {
            (Some(value), Some(current)) => {
                let Some((value, after)) = parameter(value.trim_start_matches([' ', '\t'])) else {
                    all.pop();
                    return all;
                };
                current.parameters.push((word.to_ascii_lowercase(), value));
                rest = after;
            }
            (Some(_), None) => return all,
            (None, _) => {
                all.push(Written { scheme: word.to_ascii_lowercase(), parameters: Vec::new() });
                rest = after;
            }
        }
    }
}

/// Splits a value from what follows it. Without quotes it goes on to the comma, though only a token may stand so: some
/// registries write addresses without them, and an address that is cut at its `?` is another one.
fn parameter(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, after) = text.split_at(text.find(',').unwrap_or(text.len()));
        return (!value.contains('"')).then(|| (value.trim_end_matches([' ', '\t']).to_owned(), after));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~/:".contains(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (WWW_AUTHENTICATE, value.parse().unwrap())).collect()
    }

    #[expect(clippy::unnecessary_wraps, reason = "it is compared with what was found, if anything")]
    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Option<Challenge> {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Some(Challenge::Bearer { realm: realm.to_owned(), service: owned(service), scope: owned(scope) })
    }

    #[test]
    fn challenges_of_many_registries_are_read() {
        for (values, expected) in [
            (
                &[r#"Bearer realm="https://a/t",service="s",scope="repository:x:pull,push""#][..],
                bearer("https://a/t", Some("s"), Some("repository:x:pull,push")),
            ),
            (&["bearer Realm=\"https://a/t\" , error=\"invalid_token\""], bearer("https://a/t", None, None)),
            (&["Basic realm=\"x\""], Some(Challenge::Basic)),
            (&["Basic"], Some(Challenge::Basic)),
            (&["Negotiate", "Basic realm=\"x\"", "Bearer realm=\"https://a/t\""], bearer("https://a/t", None, None)),
            (&["Basic realm=\"x\", Bearer realm=\"https://a/t\",service=s"], bearer("https://a/t", Some("s"), None)),
            (&[r#"Bearer realm="https://a/\"t""#], bearer("https://a/\"t", None, None)),
            (&["Bearer realm=http://a/t?a=b,service=s"], bearer("http://a/t?a=b", Some("s"), None)),
            (
                &["Bearer realm=https://a/t;p?a=b&c=d@e , scope = repository:x:pull"],
                bearer("https://a/t;p?a=b&c=d@e", None, Some("repository:x:pull")),
            ),
            (&["Basic realm=Some Registry, Bearer realm=https://a/t"], bearer("https://a/t", None, None)),
            (&["Bearer realm=https://a/t b,service=s"], None),
            (&["Bearer realm=\"https://a/t b\""], None),
            (&["Bearer realm=https://a/t\"?a=b"], None),
            (&["Basic realm=\"x\", Bearer realm=\"https://a/t\",service=\"open"], Some(Challenge::Basic)),
            (&["Bearer realm=\"https://a/t\",scope=\"\""], bearer("https://a/t", None, None)),
            (&["Bearer realm=\"https://a/t\",scope=\" \",service=\"s\""], bearer("https://a/t", Some("s"), None)),
            (&["Bearer service=\"s\""], None),
            (&["Negotiate"], None),
            (&["realm=\"x\""], None),
            (&["Bearer realm=\"open"], None),
            (&[""], None),
        ] {
            assert_eq!(challenge(&headers(values)), expected, "{values:?}");
        }
    }

    proptest! {
        #[test]
        fn no_header_breaks_the_parser(text in "[ -~]{0,80}") {
            let _ = challenge(&headers(&[&text]));
        }

        #[test]
        fn a_quoted_realm_comes_back(realm in "[!-~]{1,40}") {
            let quoted = realm.replace('\\', "\\\\").replace('"', "\\\"");
            let text = format!("Bearer realm=\"{quoted}\"");
            prop_assert_eq!(challenge(&headers(&[&text])), bearer(&realm, None, None));
        }
    }
}
