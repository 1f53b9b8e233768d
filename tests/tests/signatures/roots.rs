//! `trust add` and `trust update`.

use imagelock_core::Digest;
use imagelock_signature::testing::Instance;
use imagelock_testkit::Registry;
use imagelock_tests::Monorepo;

#[test]
fn sigstores_own_root_is_added_without_a_network_and_pinned() {
    let repo = Monorepo::builder().file("images.toml", "[images]\n").build();
    let told = repo.imagelock(["trust", "add", "public-good", "--as-of", "2026-11-30"]).success().stderr;
    assert!(told.contains("Wrote trust/public-good.json") && told.contains("Wrote images.toml"), "{told}");
    let hash = Digest::sha256(repo.read("trust/public-good.json").as_bytes());
    let expected = format!(
        "[images]\n\n[roots.public-good]\nfile = \"trust/public-good.json\"\nsha256 = \"{}\"\ndate = \"2026-11-30\"\n",
        hash.hex()
    );
    assert_eq!(repo.read("images.toml"), expected);
    let again = repo.imagelock(["trust", "add", "public-good"]).exit(2).stderr;
    assert!(again.contains("there is a trust root `public-good` in images.toml already"), "{again}");
    repo.imagelock(["trust", "add", "github"]).success();
    assert!(repo.imagelock(["trust", "update"]).exit(2).stderr.contains("has a `url`"));
}

#[test]
fn what_is_fetched_is_told_and_pinned_and_what_is_no_root_changes_nothing() {
    let registry = Registry::start().unwrap();
    let (old, new) = (Instance::new().root(), Instance::new().root());
    let blob = registry.put_blob("roots", new.clone().into_bytes());
    let url = format!("http://{}/v2/roots/blobs/{blob}", registry.host());
    let table = format!(
        "[roots.ours]\nfile = \"ours.json\"\nurl = \"{url}\"\nsha256 = \"{}\"\n",
        Digest::sha256(old.as_bytes()).hex()
    );
    let repo = Monorepo::builder().file("images.toml", format!("[images]\n{table}")).file("ours.json", &old).build();
    let told = repo.imagelock(["trust", "update"]).success().stderr;
    for line in
        ["Trusted ours: certificate authority https://ca.example", "Removed ours: transparency log https://log.example"]
    {
        assert!(told.contains(line), "{told}");
    }
    assert_eq!(repo.read("ours.json"), new);
    assert!(repo.read("images.toml").contains(Digest::sha256(new.as_bytes()).hex()));
    assert!(repo.imagelock(["trust", "update"]).success().stderr.contains("Fresh 1 snapshot"));

    let page = registry.put_blob("roots", b"<html>".to_vec());
    let before = repo.read("images.toml").replace(&blob, &page);
    repo.write("images.toml", &before);
    let refused = repo.imagelock(["trust", "update"]).exit(2).stderr;
    assert!(refused.contains("is of no use: not a trust root"), "{refused}");
    assert_eq!((repo.read("images.toml"), repo.read("ours.json")), (before, new));
}
