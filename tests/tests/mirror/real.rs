//! Registries that people run.

use imagelock_testkit::{Image, Layer};
use imagelock_tests::{GENERATIONS, Monorepo, RealRegistry, need};

use crate::{Stage, images};

#[test]
fn what_lies_in_a_mirror_is_what_crane_copies_from_there() {
    for program in GENERATIONS {
        let (program, crane) = need!(program, "crane");
        let (source, target) = (RealRegistry::new(&program).start(), RealRegistry::new(&program).basic_auth().start());
        let (one, two) = images();
        one.push_to(&source.url(), "acme/one", "1", None).unwrap();
        two.push_to(&source.url(), "acme/two", "2", None).unwrap();
        let sbom =
            Image::artifact("application/spdx+json").layer(Layer::bytes("application/spdx+json", "{}")).subject(&one);
        sbom.push_to(&source.url(), "acme/one", "sbom", None).unwrap();
        let toml = format!("[images]\none = \"{0}/acme/one:1\"\ntwo = \"{0}/acme/two:2\"\n", source.host());
        let login = format!("IMAGELOCK_AUTH_{}", target.host().replace('.', "_").replace(':', "___"));
        let secret = format!("{}:{}", imagelock_tests::USER, imagelock_tests::PASSWORD);
        let repo = Monorepo::builder().file("images.toml", toml).env(&login, &secret).build();
        repo.imagelock(["lock"]).success();
        repo.imagelock(["mirror", &format!("{}/corp", target.host()), "--verify-bytes"]).success();
        let login = ["auth", "login", target.host(), "-u", imagelock_tests::USER, "-p", imagelock_tests::PASSWORD];
        repo.run(&crane, login).success();
        let below = format!("{}/corp/{}", target.host(), source.host().replace(':', "-"));
        for (image, name) in [(&one, "acme/one:1"), (&two, "acme/two:2")] {
            let reference = format!("{below}/{name}");
            assert_eq!(repo.run(&crane, ["digest", &reference]).success().stdout.trim(), image.digest());
            repo.run(&crane, ["validate", "--remote", &reference]).success();
        }
        let again = repo.imagelock(["mirror", &format!("{}/corp", target.host())]).success();
        assert!(again.stderr.contains("0 blobs sent"), "{}", again.stderr);
    }
}

#[test]
fn a_layout_is_read_by_oras_and_crane_with_what_is_about_its_images() {
    let (crane, oras) = need!("crane", "oras");
    let stage = Stage::new();
    let sbom = Image::artifact("application/spdx+json").layer(Layer::bytes("application/spdx+json", "{}"));
    let sbom = sbom.subject(&stage.one);
    stage.source.push("acme/one", &sbom);
    stage.repo.imagelock(["pull", "vendor"]).success();
    let one = format!("vendor@{}", stage.one.digest());
    let fetched = stage.repo.run(&oras, ["manifest", "fetch", "--oci-layout", &one]).success();
    assert_eq!(fetched.stdout.as_bytes(), &stage.one.bytes()[..]);
    let about = ["discover", "--oci-layout", "--format", "json", &one];
    let about = stage.repo.run(&oras, about).success();
    assert!(about.stdout.contains(sbom.digest()), "{}", about.stdout);
    let all = format!("{}/all:1", stage.target.host());
    stage.repo.run(&crane, ["push", "--index", "vendor", &all]).success();
    for image in [&stage.one, &stage.two, &sbom] {
        for digest in image.digests() {
            assert_eq!(stage.target.content("all", digest), image.content(digest));
        }
    }
    stage.repo.imagelock(["pull", "alone", "--without-referrers"]).success();
    let index = |folder: &str| stage.repo.read(format!("{folder}/index.json"));
    assert!(index("vendor").contains(sbom.digest()) && !index("alone").contains(sbom.digest()));
}
