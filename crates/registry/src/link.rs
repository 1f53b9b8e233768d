//! Where the next page of a list is: the `Link` header (RFC 8288; OCI distribution-spec, "Listing Tags").

use url::Url;

/// The longest target that is followed: addresses of pages hold a tag and a number.
const TARGET_BYTES: usize = 8 << 10;

/// A header that is no list of links: it may lead to a page, and nobody knows to which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

/// Returns the target of the first link with `rel="next"` in a header. What breaks the grammar counts only where no such
/// link came before it.
pub(crate) fn next(header: &str) -> Result<Option<&str>, Broken> {
    let mut rest = header;
    let mut whole = Ok(None);
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return whole;
        }
        let (target, after) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')).ok_or(Broken)?;
        let (relation, after) = parameters(after);
        let relation = relation.unwrap_or_default();
        if relation.split([' ', '\t']).any(|word| word.eq_ignore_ascii_case("next")) {
            return Ok(Some(target));
        }
        // Every link has to say what it is (RFC 8288, section 3.3).
        if relation.trim().is_empty() {
            whole = Err(Broken);
        }
        rest = after;
    }
}

/// Returns the address of the page that a link of the list at `list` leads to: the list's own address with the link's
/// query.
///
/// The query is what tells pages apart; the rest of a link is often wrong. Gateways write a scheme or a host that only
/// they can reach, Artifactory leaves the virtual repository out of the path. Since the list's own address is asked,
/// whatever the link says, nothing is sent anywhere else.
pub(crate) fn follow(list: &Url, target: &str) -> Result<Url, &'static str> {
    if target.len() > TARGET_BYTES {
        return Err("which is longer than an address is");
    }
    // What is no UTF-8 is a page that nobody can ask for any more.
    if target.contains(char::REPLACEMENT_CHARACTER) {
        return Err("which is not text");
    }
    let next = list.join(target).map_err(|_| "which is not an address")?;
    if next.origin() != list.origin() && !next.path().starts_with("/v2/") {
        return Err("which is another host");
    }
    let Some(query) = next.query().filter(|query| !query.is_empty()) else {
        return Err("which does not say which page it is");
    };
    let mut url = list.clone();
    url.set_query(Some(query));
    Ok(url)
}

/// Returns what the parameters of a link say that it is, and what follows them.
fn parameters(text: &str) -> (Option<String>, &str) {
    let mut rest = text;
    // The first `rel` counts (RFC 8288, section 3.3).
    let mut relation: Option<String> = None;
    while let Some(after) = rest.trim_start_matches([' ', '\t']).strip_prefix(';') {
        let end = after.find(['=', ';', ',']).unwrap_or(after.len());
        let (name, after) = after.split_at(end);
        rest = after;
        if let Some(after) = after.strip_prefix('=') {
            let (value, after) = value(after.trim_start_matches([' ', '\t']));
            rest = after;
            if name.trim().eq_ignore_ascii_case("rel") && relation.is_none() {
                relation = Some(value);
            }
        }
    }
    (relation, rest)
}

/// Splits a token or a quoted string from what follows it; a quote that nobody closes takes all. Single quotes are
/// letters of a token by the grammar, and what people write for the others.
fn value(text: &str) -> (String, &str) {
    if let Some((value, after)) = text.strip_prefix('\'').and_then(|quoted| quoted.split_once('\'')) {
        return (value.to_owned(), after);
    }
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([';', ',']).unwrap_or(text.len());
        return (text[..end].trim().to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_next_page_is_found_among_other_links() {
        for (text, expected) in [
            (r#"</v2/a/tags/list?n=2&last=b>; rel="next""#, Some("/v2/a/tags/list?n=2&last=b")),
            ("</x>; rel=next", Some("/x")),
            ("</x>;REL = \"Next\"", Some("/x")),
            (r#"</p>; rel="prev", </x>; title="a, b"; rel="last next""#, Some("/x")),
            (r#"</p>; title="; rel=next", </x>; rel=next"#, Some("/x")),
            ("</x>; rel='next'", Some("/x")),
            ("</p>; rel='prev', </x>; rel='last next'; title='a, b'", Some("/x")),
            ("</x>; rel='next", None),
            (r#"</x>; rel="next", x"#, Some("/x")),
            (r#"</p>; title="<q>; rel=next"; rel=prev"#, None),
            ("</p>; rel=prev; rel=next", None),
            (r#"</x>; rel="prev""#, None),
            (r#"</x>; rel="nextish""#, None),
            (r#"<https://a.example/style.css>; rel=preload; as=style; crossorigin, </>; rel="canonical","#, None),
            (", ,", None),
            ("", None),
        ] {
            assert_eq!(next(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_link_may_be_one_to_the_next_page() {
        for text in [
            "</x>",
            "</x>; title=next",
            "</x>; rel=; title=next",
            "</x; rel=next",
            "/x; rel=next",
            r#"</x>, rel="next""#,
            r#"</x> rel="next""#,
            "</p>; rel=prev, /x; rel=next",
        ] {
            assert_eq!(next(text), Err(Broken), "{text}");
        }
    }

    #[test]
    fn a_link_changes_the_query_of_the_list_and_nothing_else() {
        let list: Url = "https://a.example:8443/v2/docker/app/tags/list?n=1000".parse().unwrap();
        let expected = "https://a.example:8443/v2/docker/app/tags/list?n=2&last=b";
        for target in [
            "/v2/docker/app/tags/list?n=2&last=b",
            "?n=2&last=b",
            "list?n=2&last=b#fragment",
            "/v2/app/tags/list?n=2&last=b",
            "http://a.example:8443/v2/docker/app/tags/list?n=2&last=b",
            "http://registry.internal:8081/v2/docker/app/tags/list?n=2&last=b",
            "//user:password@evil.example/v2/x?n=2&last=b",
        ] {
            assert_eq!(follow(&list, target).as_ref().map(Url::as_str), Ok(expected), "{target}");
        }
    }

    #[test]
    fn a_link_that_tells_no_page_is_not_followed() {
        let list: Url = "https://a.example/v2/app/tags/list?n=1000".parse().unwrap();
        let long = format!("?last={}", "x".repeat(TARGET_BYTES));
        for target in
            ["https://evil.example/?n=2", "?last=\u{fffd}", "/v2/app/tags/list", "?", "http://[", "mailto:x?n=2", &long]
        {
            assert!(follow(&list, target).is_err(), "{target}");
        }
    }

    proptest! {
        #[test]
        fn no_link_leads_off_the_list(header in "[ -~]{0,80}", target in "\\PC{0,80}") {
            let list: Url = "https://a.example/v2/app/tags/list?n=1000".parse().unwrap();
            for target in next(&header).ok().flatten().into_iter().chain([target.as_str()]) {
                if let Ok(mut url) = follow(&list, target) {
                    prop_assert!(url.query().is_some());
                    url.set_query(Some("n=1000"));
                    prop_assert_eq!(&url, &list);
                }
            }
        }
    }
}
