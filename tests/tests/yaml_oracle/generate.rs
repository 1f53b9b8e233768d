//! Manifests in all the notations that YAML has, and in some that it does not.

use crate::writer::Writer;

/// The image that the lock has.
pub(crate) const LOCKED: &str = "ghcr.io/acme/web:1.10";

/// Numbers that are the same in every run (xorshift64*).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        // Neighbouring seeds have to differ in all bits.
        let mut mixed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Self((mixed ^ (mixed >> 31)) | 1)
    }

    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(high).unwrap() % sides
    }

    pub(crate) fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }

    pub(crate) fn pick<'p>(&mut self, from: &[&'p str]) -> &'p str {
        from[self.roll(from.len())]
    }
}

/// What a manifest says, apart from how it is written.
pub(crate) enum Data {
    Text(String),
    Map(Vec<(String, Data)>),
    List(Vec<Data>),
    /// What is written as it is.
    Raw(String),
}

fn text(text: &str) -> Data {
    Data::Text(text.to_owned())
}

fn map<const N: usize>(entries: [(&str, Data); N]) -> Data {
    Data::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// Pieces that change what stands round them.
const PIECES: &[&str] = &[
    "\n",
    "\r\n",
    "\r",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\t",
    " ",
    "  ",
    "\u{feff}",
    "\u{a0}",
    "\0",
    "\u{7f}",
    "\"",
    "'",
    "\\",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    ": ",
    "- ",
    "? ",
    "#",
    " #",
    "# c\n",
    "*a",
    "*a ",
    "&a ",
    "&a",
    "!!str ",
    "! ",
    "!",
    "!x ",
    "!!map ",
    "!!seq ",
    "!!binary ",
    "!!null ",
    "!<tag:yaml.org,2002:str> ",
    "|\n",
    ">-\n",
    "|2\n",
    "---\n",
    "\n---\n",
    "---",
    "--- ",
    "\n---kind: X\n",
    "...\n",
    "\n...\n",
    "%YAML 1.1\n---\n",
    "%YAML 1.2\n",
    "%TAG ! tag:yaml.org,2002:\n",
    "<<: *a\n",
    "<<: ",
    "image: evil.example/piece:1\n",
    "image",
    "kind: ConfigMap\n",
    "kind: Pod\n",
    "apiVersion: v1\n",
    "metadata:\n",
    "status: ",
    "null",
    "~",
    "\\x69",
    "\\u0069",
    "@",
    "`",
    "%",
    "=",
    "\"image\"",
    "'image'",
    "é",
    "😀",
    "spec:\n",
    "{image: evil.example/flow:1}",
    "[image: evil.example/pair:1]",
    "? image\n: evil.example/asked:1\n",
    "?image\n: evil.example/asked:1\n",
    "?image: evil.example/asked:1\n",
    "?",
    "?image",
    "{?image: evil.example/asked:1}",
    "{? image: evil.example/asked:1}",
    "{?\"image\": evil.example/asked:1}",
    "{?!!str image: evil.example/asked:1}",
    "{? &p image : evil.example/asked:1}",
    "{?image}",
    "{?a: 1}",
    "[?image: evil.example/asked:1]",
    "[? image : evil.example/asked:1]",
    ",?",
    ", ? ",
];

/// A stream of manifests.
pub(crate) fn manifest(dice: &mut Dice) -> String {
    let documents = 1 + dice.roll(2);
    let mut stream = String::new();
    for index in 0..documents {
        if index > 0 || dice.one_in(3) {
            let mark = dice.pick(&[
                "---\n",
                "---\n",
                "---\n",
                "--- # c\n",
                "...\n---\n",
                "---  \r\n",
                "--- \n",
                "...\n%YAML 1.1\n---\n",
            ]);
            stream.push_str(mark);
        }
        let data = object(dice, 0);
        let mut writer = Writer::new(dice);
        writer.block(&data, 0);
        stream.push_str(&writer.out);
        if !stream.ends_with('\n') {
            stream.push('\n');
        }
    }
    let mutations = [0, 0, 1, 1, 2, 3][dice.roll(6)];
    for _ in 0..mutations {
        let starts: Vec<usize> = stream.char_indices().map(|(at, _)| at).collect();
        let at = starts.get(dice.roll(starts.len().max(1))).copied().unwrap_or(0);
        let end = starts.iter().copied().find(|end| *end >= at + [0, 0, 0, 1, 3][dice.roll(5)]).unwrap_or(stream.len());
        let piece = dice.pick(PIECES);
        stream.replace_range(at..end.max(at), piece);
    }
    if dice.one_in(20) {
        stream = stream.replace('\n', dice.pick(&["\r\n", "\r", "\n\n"]));
    }
    if dice.one_in(30) {
        stream.insert(0, '\u{feff}');
    }
    stream
}

fn image(dice: &mut Dice) -> Data {
    match dice.roll(14) {
        0 => Data::Text(format!("evil.example/x:{}", dice.roll(9))),
        1 => Data::Raw(
            dice.pick(&[
                "!!str evil.example/t:1",
                "! evil.example/t:1",
                "!!binary ZXZpbC5leGFtcGxlL2I6MQ==",
                "~",
                "1.9",
                "true",
                "!!null ''",
                "\"evil.exam\\x70le/e:1\"",
                "|-\n          evil.example/l:1",
                "evil.example/plain\n          :1",
            ])
            .to_owned(),
        ),
        _ => text(LOCKED),
    }
}

fn object(dice: &mut Dice, depth: usize) -> Data {
    let containers = |dice: &mut Dice| {
        let count = 1 + dice.roll(2);
        let list = (0..count).map(|_| map([("name", text(dice.pick(&["a", "b"]))), ("image", image(dice))]));
        Data::List(list.collect())
    };
    let metadata = map([("name", text("x")), ("annotations", map([("image", text("evil.example/note:1"))]))]);
    match dice.roll(9) {
        0 => map([
            ("apiVersion", text("v1")),
            ("kind", text(dice.pick(&["ConfigMap", "Secret"]))),
            ("metadata", metadata),
            (
                "data",
                map([
                    ("image", text("evil.example/data:1")),
                    ("t", Data::Raw("|\n    image: evil.example/block:1\n    {{ x }}".to_owned())),
                ]),
            ),
        ]),
        1 => map([
            ("apiVersion", text("apps/v1")),
            ("kind", text("Deployment")),
            (
                "spec",
                map([("template", map([("metadata", metadata), ("spec", map([("containers", containers(dice))]))]))]),
            ),
        ]),
        2 if depth == 0 => {
            let items = (0..=dice.roll(2)).map(|_| object(dice, 1)).collect();
            map([("apiVersion", text("v1")), ("kind", text("List")), ("items", Data::List(items))])
        }
        3 => map([
            ("apiVersion", text("v1")),
            ("kind", text("Pod")),
            (
                "spec",
                map([
                    ("apiVersion", text("v1")),
                    ("kind", text(dice.pick(&["ConfigMap", "Secret", "Pod"]))),
                    ("containers", containers(dice)),
                ]),
            ),
        ]),
        4 => map([
            ("kind", text("Pod")),
            ("apiVersion", text("v1")),
            (
                "spec",
                map([
                    ("containers", containers(dice)),
                    ("volumes", Data::List(vec![map([("image", map([("reference", image(dice))]))])])),
                ]),
            ),
        ]),
        _ => map([
            ("apiVersion", text("v1")),
            ("kind", text("Pod")),
            ("metadata", metadata),
            ("spec", map([("containers", containers(dice)), ("initContainers", containers(dice))])),
        ]),
    }
}
