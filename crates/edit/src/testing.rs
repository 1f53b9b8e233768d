//! What tests of adapters share: what the contract has for them, and texts that look like a sample.

pub use imagelock_adapter::testing::{digest, lock, only, render, rule, with_context};
use proptest::prelude::*;

/// Texts that look like `sample`: lines of it are left out, stand twice, change places, and have hostile ones between
/// them; with either line end, with and without a byte order mark.
pub fn texts(sample: &str) -> impl Strategy<Value = String> + use<> {
    let lines: Vec<String> = sample.lines().map(str::to_owned).collect();
    let hostile = prop_oneof![
        2 => prop::sample::select(vec![
            "", "{", "}", "# imagelock: web", "# imagelock: db:tag", "'", "\"", "\\", "<<E", "E", "---", "- *a", "&a", "|",
        ]).prop_map(str::to_owned),
        1 => "[ -~é\t]{0,20}",
        1 => "[ \\t:{}\\[\\]&*'\"|>#a-c0-9@!%$<-]{0,20}",
    ];
    let change = (any::<prop::sample::Index>(), 0..5_u8, hostile);
    let ends = prop::sample::select(vec!["\n", "\n", "\r\n"]);
    (prop::collection::vec(change, 0..6), ends, any::<bool>(), any::<bool>()).prop_map(
        move |(changes, end, mark, last)| {
            let mut lines = lines.clone();
            for (index, kind, hostile) in changes {
                if lines.is_empty() {
                    lines.push(hostile);
                    continue;
                }
                let at = index.index(lines.len());
                match kind {
                    0 => drop(lines.remove(at)),
                    1 => lines.insert(at, lines[at].clone()),
                    2 => lines.swap(at, at / 2),
                    3 => lines.insert(at, hostile),
                    _ => lines[at].push_str(&hostile),
                }
            }
            let text = format!("{}{}", lines.join(end), if last { end } else { "" });
            if mark { format!("\u{feff}{text}") } else { text }
        },
    )
}
