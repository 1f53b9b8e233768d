//! New inputs of old ones: pieces are cut, doubled, repeated, exchanged, and taken from each other.
//!
//! The same seed and the same pool give the same inputs on every machine.

/// Numbers that look random (splitmix64). Not for secrets.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Starts with a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below a bound; 0 below 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.number() % bound).unwrap_or_default()
    }

    fn pick<'a, T>(&mut self, among: &'a [T]) -> Option<&'a T> {
        among.get(self.below(among.len()))
    }
}

/// The longest input that is made.
pub const LONGEST: usize = 16 << 10;

/// The most often that a piece is repeated: deeper than any parser should follow.
const REPEATED: usize = 3000;

/// Pieces of the languages that the targets read: what turns one into another, opens, closes, escapes or ends.
const PIECES: &[&str] = &[
    "\n",
    "\r\n",
    "\r",
    "\"",
    "'",
    "\\",
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    "<",
    ">",
    "=",
    ".",
    ",",
    ";",
    ":",
    ": ",
    "/",
    "@",
    "#",
    " #",
    " ",
    "\t",
    "-",
    "- ",
    "|",
    "|\n",
    ">-\n",
    "&a ",
    "*a",
    "? ",
    "!!str ",
    "! ",
    "%",
    "$",
    "${",
    "$$",
    "<<: *a\n",
    "<<EOT\n",
    "---\n",
    "...\n",
    "\u{feff}",
    "\u{0}",
    "\u{1b}[31m",
    "\u{85}",
    "\u{2028}",
    "\u{202e}",
    "é",
    "\u{1f980}",
    "0",
    "-1",
    "1e5",
    "18446744073709551616",
    "a",
    "A",
    "null",
    "~",
    "true",
    "\"\"\"",
    "'''",
    "[images]\n",
    "[images.",
    "[[helm]]\n",
    "a.b",
    "images",
    "image",
    "image: ",
    "imagelock: db",
    "# imagelock: web\n",
    "# imagelock: db:tag\n",
    "@sha256:",
    "tag: ",
    "FROM ",
    "RUN ",
    "COPY --from=",
    "ARG ",
    "IMPORT ",
    "VERSION 0.8\n",
    "locals {\n",
    "containers:\n",
    "kind: Pod\n",
    "kind: List\nitems:\n",
    "services:\n",
    "postgres:16.9",
    "ghcr.io/acme/web",
    "Bearer ",
    "Basic ",
    "Negotiate",
    "realm=",
    "realm=\"",
    "service=\"",
    "scope=\"repository:a:pull\"",
    "error=\"",
    "; rel=\"next\"",
    "; rel=next",
    "</v2/a/tags/list?n=2&last=b>",
    "//evil.example/",
    "http://",
    "https://",
    "user:password@",
    "\\u0000",
    "\\ud800",
    "\"token\":",
    "\"access_token\":",
    "\"expires_in\":",
    "\"tags\":[",
    "\"mediaType\":",
    "\"digest\":",
    "\"size\":",
    "\"platform\":",
    "\"os\":",
    "\"architecture\":",
    "\"variant\":",
    "\"manifests\":[",
    "\"config\":{",
    "\"layers\":[",
    "\"annotations\":{",
    "\"Labels\":{",
    "\"schemaVersion\":",
    "\"platform\":{}",
    "unknown",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/octet-stream",
];

/// Makes an input of one of the pool's, and of pieces of the others.
pub fn mutate(random: &mut Random, pool: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = random.pick(pool).cloned().unwrap_or_default();
    // Mostly a few changes; now and then many.
    let most = if random.below(16) == 0 { 32 } else { 4 };
    let changes = 1 + random.below(most);
    for _ in 0..changes {
        change(random, &mut bytes, pool);
        bytes.truncate(LONGEST);
    }
    bytes
}

fn change(random: &mut Random, bytes: &mut Vec<u8>, pool: &[Vec<u8>]) {
    let (start, end) = range(random, bytes.len());
    match random.below(12) {
        0..=3 => drop(bytes.splice(start..start, piece(random).bytes())),
        4 | 5 => drop(bytes.splice(start..end, piece(random).bytes())),
        6 => drop(bytes.drain(start..end)),
        7 => {
            let doubled = bytes.get(start..end).unwrap_or_default().to_vec();
            let at = random.below(bytes.len() + 1);
            bytes.splice(at..at, doubled);
        }
        8 => {
            let most = if random.below(8) == 0 { REPEATED } else { 8 };
            let repeated = piece(random).repeat(1 + random.below(most));
            bytes.splice(start..start, repeated.bytes());
        }
        9 => {
            let other = random.pick(pool).cloned().unwrap_or_default();
            let (from, to) = range(random, other.len());
            bytes.splice(start..end, other.get(from..to).unwrap_or_default().iter().copied());
        }
        10 => {
            let bit = 1 << random.below(8);
            if let Some(byte) = bytes.get_mut(start) {
                *byte ^= bit;
            }
        }
        _ => exchange_lines(random, bytes),
    }
}

fn piece(random: &mut Random) -> &'static str {
    random.pick(PIECES).copied().unwrap_or_default()
}

/// A range of some bytes: mostly a short one.
fn range(random: &mut Random, length: usize) -> (usize, usize) {
    let start = random.below(length + 1);
    let most = if random.below(4) == 0 { length } else { 8 };
    (start, (start + random.below(most + 1)).min(length))
}

fn exchange_lines(random: &mut Random, bytes: &mut Vec<u8>) {
    let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let (one, other) = (random.below(lines.len()), random.below(lines.len()));
    if one < lines.len() && other < lines.len() {
        lines.swap(one, other);
        *bytes = lines.concat();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn made(seed: u64, count: usize) -> Vec<Vec<u8>> {
        let pool = vec![b"first: 1\nsecond: [2, 3]\n".to_vec(), b"third".to_vec()];
        let mut random = Random::new(seed);
        (0..count).map(|_| mutate(&mut random, &pool)).collect()
    }

    #[test]
    fn a_seed_says_which_inputs_are_made() {
        assert_eq!(made(1, 200), made(1, 200));
        assert_ne!(made(1, 200), made(2, 200));
    }

    #[test]
    fn inputs_differ_grow_shrink_and_stay_below_the_bound() {
        let made = made(3, 3000);
        let different: BTreeSet<_> = made.iter().collect();
        assert!(different.len() > 2500, "{} of 3000 are different", different.len());
        assert!(made.iter().any(Vec::is_empty) || made.iter().any(|input| input.len() < 5));
        assert!(made.iter().any(|input| input.len() > 1000));
        assert!(made.iter().all(|input| input.len() <= LONGEST));
    }

    #[test]
    fn every_piece_is_tried() {
        let text: String = made(4, 20_000).iter().map(|input| String::from_utf8_lossy(input).into_owned()).collect();
        let untried: Vec<_> = PIECES.iter().filter(|piece| !text.contains(**piece)).collect();
        assert!(untried.is_empty(), "{untried:?}");
    }

    #[test]
    fn an_empty_pool_gives_inputs_too() {
        assert!((0..50).any(|seed| !mutate(&mut Random::new(seed), &[]).is_empty()));
    }
}
