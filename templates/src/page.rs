//! What pages have of ours: their look and their script, and the hashes by which a browser knows that these are them.
//!
//! A page allows no other style and no other script (Content Security Policy level 3, section 2.3.1, "hash-source"), so
//! that text which got into one as markup would be dead there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imagelock_core::Digest;

const STYLE: &str = include_str!("../report.css");
const SCRIPT: &str = include_str!("../report.js");

/// Gives a page `style`, `script`, and their hashes.
pub(crate) fn furnish(context: &mut tera::Context) {
    for (name, text) in [("style", STYLE), ("script", SCRIPT)] {
        context.insert(name, text);
        context.insert(format!("{name}_hash"), &hash(text));
    }
}

/// `sha256-` and the hash in base64.
fn hash(text: &str) -> String {
    let digest = Digest::sha256(text.as_bytes());
    let nibble = |digit: &u8| char::from(*digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or(0);
    let bytes: Vec<u8> = digest
        .hex()
        .as_bytes()
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | nibble(digit)))
        .collect();
    format!("sha256-{}", STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The colours of the rule that `start` opens.
    fn palette(start: &str) -> BTreeMap<&'static str, [f64; 3]> {
        let rules = STYLE.split_once(start).unwrap().1;
        let rules = rules.split_once('}').unwrap().0;
        let colours = rules.split(';').filter_map(|rule| {
            let (name, value) = rule.trim().strip_prefix("--")?.split_once(": #")?;
            let channel = |at: usize| f64::from(u8::from_str_radix(&value[at..at + 2], 16).unwrap());
            Some((name, [channel(0), channel(2), channel(4)]))
        });
        colours.collect()
    }

    /// How much lighter one of two colours is (WCAG 2.2, "contrast ratio").
    fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
        let luminance = |colour: [f64; 3]| {
            let linear = colour.map(|channel| {
                let part = channel / 255.0;
                if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
            });
            0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        };
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn every_colour_can_be_told_from_what_it_stands_on() {
        let starts = [":root {", "@media (prefers-color-scheme: dark) {\n  :root {", "@media print {\n  :root {"];
        for start in starts {
            let colours = palette(start);
            // Text needs 4.5, and what is drawn 3 (success criteria 1.4.3 and 1.4.11).
            let texts = ["text", "muted", "accent", "good", "warn"].map(|name| (name, 4.5));
            for (name, least) in texts.into_iter().chain([("line", 3.0), ("bar", 3.0)]) {
                for ground in ["page", "panel"] {
                    let ratio = contrast(colours[name], colours[ground]);
                    assert!(ratio >= least, "{start} {name} on {ground}: {ratio:.2}");
                }
            }
            assert!(contrast(colours["warn"], colours["warn-panel"]) >= 4.5, "{start}");
        }
    }

    #[test]
    fn what_is_put_between_tags_ends_none_and_asks_nobody() {
        for text in [STYLE, SCRIPT] {
            for word in ["</", "<!--", "@import", "url(", "fetch(", "import(", "innerHTML", "eval(", "document.write"] {
                assert!(!text.contains(word), "{word}");
            }
        }
        assert_eq!(SCRIPT.matches("http").count(), 1, "the name of the namespace of SVG alone");
    }

    #[test]
    fn a_hash_is_the_one_that_browsers_make() {
        assert_eq!(hash(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }
}
