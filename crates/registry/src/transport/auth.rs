//! `WWW-Authenticate` (RFC 9110, section 11.6.1): what a registry asks for, out of all its headers.

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

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

/// Returns the challenge to answer: a token rather than a password, since a token says less.
pub(crate) fn challenge(headers: &HeaderMap) -> Option<Challenge> {
    let texts = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    let all: Vec<Challenge> = texts.flat_map(parse).filter_map(understood).collect();
    let bearer = all.iter().find(|challenge| matches!(challenge, Challenge::Bearer { .. }));
    bearer.or_else(|| all.first()).cloned()
}

struct Written {
    scheme: String,
    parameters: Vec<(String, String)>,
}

fn understood(written: Written) -> Option<Challenge> {
    let Written { scheme, mut parameters } = written;
    let mut take = |name: &str| {
        let at = parameters.iter().position(|(key, _)| key == name)?;
        Some(parameters.swap_remove(at).1)
    };
    match scheme.as_str() {
        "basic" => Some(Challenge::Basic),
        "bearer" => Some(Challenge::Bearer { realm: take("realm")?, service: take("service"), scope: take("scope") }),
        _ => None,
    }
}

/// Parses one header, which may hold several challenges. What breaks the grammar ends the parse; what came before
/// counts.
fn parse(text: &str) -> Vec<Written> {
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
                let Some((value, after)) = parameter(value.trim_start_matches([' ', '\t'])) else { return all };
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

/// Splits a token or a quoted string from what follows it.
fn parameter(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c: char| !is_token(c)).unwrap_or(text.len());
        return Some((text[..end].to_owned(), &text[end..]));
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
        fn a_quoted_realm_comes_back(realm in "[ -~]{1,40}") {
            let quoted = realm.replace('\\', "\\\\").replace('"', "\\\"");
            let text = format!("Bearer realm=\"{quoted}\"");
            prop_assert_eq!(challenge(&headers(&[&text])), bearer(&realm, None, None));
        }
    }
}
