//! What registries keep as signatures, and what a project trusts.

use std::sync::LazyLock;

use imagelock_core::Digest;
use imagelock_core::source::{Location, SourceFile, Spanned};
use imagelock_core::trust::{By, Pattern, Signer, Trust};
use imagelock_signature::{Evidence, Judge, Key, Roots, SIMPLE, Subject, Verdict, known, lines};

/// A key with which nothing was ever signed.
const KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAExRRST79+PsrRBnGAI4cMu6Omz2Jh
fwlMW+gIutNKVRaMyS4rQKvgngc5p8UbLj55pVHhIoAxi/SRgURZI0J3Xw==
-----END PUBLIC KEY-----";

static ROOTS: LazyLock<Roots> = LazyLock::new(|| {
    let mut roots = Roots::default();
    for name in ["public-good", "github"] {
        let read = roots.add(name, known(name).unwrap_or_default().as_bytes());
        assert!(read.is_ok(), "{read:?}");
    }
    roots
});

fn policy(by: By, tlog: bool) -> Trust {
    let at = Location::new(&SourceFile::new("images.toml", ""), 0..0);
    let signer = Spanned { value: Signer { by, predicate: None }, at };
    Trust { signers: vec![signer], threshold: 1, tlog, signed_as: None }
}

/// What is read is kept as it was, and read again as the same; nobody signs by chance, whatever was said before; keys and roots
/// are read or refused.
pub(super) fn signature(bytes: &[u8]) {
    drop(Key::read(bytes));
    drop(Roots::tell(bytes));
    let mut all = lines(bytes).unwrap_or_default();
    all.extend(Evidence::read(bytes));
    all.extend(Evidence::of_layer(SIMPLE, bytes, &annotations(bytes)));
    let (Ok(key), Ok(somebody)) = (Key::read(KEY.as_bytes()), "^nobody@example\\.com$".parse::<Pattern>()) else {
        panic!("the policy is one");
    };
    let nobody = By::Identity { identity: somebody.clone(), issuer: somebody, root: None };
    let subject = Subject { repository: None, digest: Digest::sha256(b"image"), platforms: [].into() };
    for policy in [policy(nobody, true), policy(By::Key("key.pub".into()), false)] {
        let judge = Judge::new(&policy, |_| Some(key.clone()), &ROOTS);
        let Ok(judge) = judge else { panic!("the policy has its root") };
        for one in &all {
            let again = Evidence::read(one.bytes());
            assert!(again.is_ok_and(|again| again.digest() == one.digest()), "it is not kept as it is");
            let verdict = judge.judge(&subject, std::slice::from_ref(one));
            assert!(matches!(verdict, Verdict::Refused(_)), "{verdict:?}");
        }
    }
}

/// The annotations that a line each has: `KEY=VALUE`.
fn annotations(bytes: &[u8]) -> std::collections::BTreeMap<String, String> {
    let text = String::from_utf8_lossy(bytes);
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(key, value)| (key.to_owned(), value.replace("\\n", "\n"))).collect()
}
