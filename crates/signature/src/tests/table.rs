//! What each format comes to.

use imagelock_core::Digest;

use super::*;
use crate::ENVELOPE;

/// Each format, with a key and by a certificate, as a function of what is signed about which digest.
type Make = fn(&Hand, Option<&Instance>, &Digest) -> Evidence;

const FORMATS: [(&str, Make); 3] = [
    ("simple", |hand, log, digest| simple(hand, log, &paid(digest))),
    ("bundle", |hand, log, digest| bundle(hand, log, &signed(digest))),
    ("envelope", |hand, log, digest| {
        let payload = signed(digest);
        let signature = hand.sign(&testing::preauthenticated(&payload));
        let entry = log.map(|log| log.entry_of_statement(hand, &payload, &signature, NOON));
        let whole = testing::bundle(hand, &payload, &signature, None);
        let whole: serde_json::Value = serde_json::from_slice(&whole).unwrap();
        let annotations = testing::annotations(hand, &signature, entry.as_ref());
        Evidence::of_layer(ENVELOPE, whole["dsseEnvelope"].to_string().as_bytes(), &annotations).unwrap()
    }),
];

#[test]
fn a_signature_with_a_key_counts_and_one_with_another_key_or_of_another_image_does_not() {
    let (own, other) = (Hand::with_key(), Hand::with_key());
    let world = World::of(&[("cosign.pub", &own)], &[]);
    let trust = without_log(vec![key("cosign.pub")]);
    for (name, make) in FORMATS {
        assert_eq!(world.told(&trust, &[make(&own, None, &image())]), "ok: the key `cosign.pub`", "{name}");
        assert_eq!(world.told(&trust, &[make(&other, None, &image())]), "it was not made with this key", "{name}");
        let told = world.told(&trust, &[make(&own, None, &Digest::sha256(b"other"))]);
        assert!(told.starts_with("it is about `sha256:"), "{name}: {told}");
        let two = [make(&other, None, &image()), make(&own, None, &image())];
        assert_eq!(world.told(&trust, &two), "ok: the key `cosign.pub`", "{name}: two signatures, one good");
    }
    assert_eq!(world.told(&trust, &[]), "unsigned");
}

#[test]
fn a_key_alone_is_not_enough_unless_the_log_is_waived_in_writing() {
    let (own, ours, others) = (Hand::with_key(), Instance::new(), Instance::new());
    let trust = trust(vec![key("cosign.pub")]);
    assert_eq!(World::of(&[("cosign.pub", &own)], &[]).judge(&trust).err(), Some(JudgeError::NoRoot));
    let world = World::of(&[("cosign.pub", &own)], &[("ours", &ours)]);
    for (name, make) in FORMATS {
        assert_eq!(world.told(&trust, &[make(&own, Some(&ours), &image())]), "ok: the key `cosign.pub`", "{name}");
        for (what, evidence) in
            [("in no log", make(&own, None, &image())), ("in another log", make(&own, Some(&others), &image()))]
        {
            assert!(matches!(world.verdict(&trust, &[evidence]), Verdict::Refused(_)), "{name} {what}");
        }
    }
}

#[test]
fn a_certificate_counts_for_its_identity_and_issuer_under_its_root() {
    let (ours, others) = (Instance::new(), Instance::new());
    let (own, stranger) = (ours.person(WORKFLOW, ISSUER), others.person(WORKFLOW, ISSUER));
    let world = World::of(&[], &[("ours", &ours)]);
    let exact = trust(vec![identity(WORKFLOW, ISSUER)]);
    let workflow = "^https://github\\.com/acme/app/\\.github/workflows/[^/]+@refs/heads/main$";
    let pattern = trust(vec![identity(workflow, "^https://token\\..*\\.com$")]);
    let elsewhere = trust(vec![identity("https://github.com/acme/app", ISSUER)]);
    let vouched = trust(vec![identity(WORKFLOW, "https://accounts.google.com")]);
    let ok = format!("ok: `{WORKFLOW}` of `{ISSUER}`");
    let somebody = format!("it is by `{WORKFLOW}` of `{ISSUER}`");
    for (name, make) in FORMATS {
        let good = make(&own, Some(&ours), &image());
        assert_eq!(world.told(&exact, std::slice::from_ref(&good)), ok, "{name}");
        assert_eq!(world.told(&pattern, std::slice::from_ref(&good)), ok, "{name}");
        assert_eq!(world.told(&elsewhere, std::slice::from_ref(&good)), somebody, "{name}: another identity");
        assert_eq!(world.told(&vouched, &[good]), somebody, "{name}: another issuer");
        // A certificate of nobody whom the project trusts, however it is logged.
        for log in [&ours, &others] {
            let verdict = world.verdict(&exact, &[make(&stranger, Some(log), &image())]);
            assert!(matches!(verdict, Verdict::Refused(_)), "{name}: another authority");
        }
        assert!(matches!(world.verdict(&exact, &[make(&own, None, &image())]), Verdict::Refused(_)), "{name}: no log");
    }
}

#[test]
fn an_identity_may_be_bound_to_one_root_of_several() {
    let (ours, public) = (Instance::new(), Instance::new());
    let forged = ours.person(WORKFLOW, ISSUER);
    let world = World::of(&[], &[("ours", &ours), ("public", &public)]);
    let evidence = [bundle(&forged, Some(&ours), &signed(&image()))];
    let mut bound = identity(WORKFLOW, ISSUER);
    let any = trust(vec![bound.clone()]);
    assert!(matches!(world.verdict(&any, &evidence), Verdict::Signed(_)));
    if let By::Identity { root, .. } = &mut bound.value.by {
        *root = Some("public".to_owned());
    }
    assert!(matches!(world.verdict(&trust(vec![bound.clone()]), &evidence), Verdict::Refused(_)));
    if let By::Identity { root, .. } = &mut bound.value.by {
        *root = Some("pubic".to_owned());
    }
    let unknown = trust(vec![bound]);
    assert_eq!(world.judge(&unknown).err(), Some(JudgeError::UnknownRoot("pubic".to_owned())));
}

#[test]
fn a_certificate_that_had_ended_when_it_was_used_is_refused() {
    let ours = Instance::new();
    let own = ours.person("me@example.com", ISSUER);
    let world = World::of(&[], &[("ours", &ours)]);
    let trust = trust(vec![identity("me@example.com", ISSUER)]);
    for (at, is_good) in
        [(NOON, true), (NOON + 3 * 86_400, false), (NOON - 3 * 86_400, false), (i64::from(u32::MAX), false)]
    {
        let payload = paid(&image());
        let signature = own.sign(&payload);
        let entry = ours.entry_of_payload(&own, &payload, &signature, at);
        let verdict = world.verdict(&trust, &[layer(&payload, &own, &signature, Some(&entry))]);
        assert_eq!(matches!(verdict, Verdict::Signed(_)), is_good, "{at}: {verdict:?}");
    }
}

#[test]
fn a_signature_is_about_the_repository_that_it_names() {
    let own = Hand::with_key();
    let world = World::of(&[("cosign.pub", &own)], &[]);
    let mut trust = without_log(vec![key("cosign.pub")]);
    let of = |reference: &str| {
        let kind = SIGN;
        let payload = testing::payload(reference, image().as_str());
        [simple(&own, None, &payload), bundle(&own, None, &testing::statement(reference, &image(), kind))]
    };
    for same in [REPOSITORY, "registry.example/acme/app:1.2"] {
        for evidence in of(same) {
            assert_eq!(world.told(&trust, &[evidence]), "ok: the key `cosign.pub`", "{same}");
        }
    }
    for evidence in of("registry.example/acme/other") {
        let told = world.told(&trust, &[evidence]);
        assert_eq!(told, "it was made for `registry.example/acme/other`, which is another repository");
    }
    let [nameless, file] = of("");
    assert!(world.told(&trust, &[nameless]).starts_with("it was made for ``"));
    assert_eq!(world.told(&trust, &[file]), "ok: the key `cosign.pub`", "a statement need not name one");
    for (name, is_reference) in [
        ("app.tar", false),
        ("app", false),
        ("dist/app", false),
        ("localhost/acme/app", true),
        ("localhost:5000/app", true),
        ("10.0.0.1/app", true),
    ] {
        let evidence = bundle(&own, None, &testing::statement(name, &image(), SIGN));
        let is_signed = matches!(world.verdict(&trust, &[evidence]), Verdict::Signed(_));
        assert_eq!(is_signed, !is_reference, "{name}: what is a file's name names no repository");
    }
    trust.signed_as = Some("registry.example/acme/other".parse::<Reference>().unwrap().repository);
    for evidence in of("registry.example/acme/other") {
        assert_eq!(world.told(&trust, &[evidence]), "ok: the key `cosign.pub`");
    }
}

#[test]
fn two_of_three_have_to_sign_and_nobody_counts_twice() {
    let ours = Instance::new();
    let (one, two) = (Hand::with_key(), Hand::with_key());
    let world = World::of(&[("one.pub", &one), ("two.pub", &two), ("again.pub", &one)], &[("ours", &ours)]);
    let of = |hand: &Hand| bundle(hand, None, &signed(&image()));
    let mut both = without_log(vec![key("one.pub"), key("two.pub"), identity("me@example.com", ISSUER)]);
    both.threshold = 2;
    assert_eq!(world.told(&both, &[of(&one), of(&two)]), "ok: the key `one.pub`\nok: the key `two.pub`");
    assert!(matches!(world.verdict(&both, &[of(&one), of(&one)]), Verdict::Refused(_)));
    let twice = without_log(vec![key("one.pub"), key("again.pub")]);
    assert_eq!(world.judge(&twice).err(), Some(JudgeError::SameKey("one.pub".into(), "again.pub".into())));

    // One person who fits two identities is one person.
    let person = ours.person("me@example.com", ISSUER);
    let mut both = trust(vec![identity("me@example.com", ISSUER), identity("^.*@example\\.com$", ISSUER)]);
    both.threshold = 2;
    let own = bundle(&person, Some(&ours), &signed(&image()));
    assert!(matches!(world.verdict(&both, std::slice::from_ref(&own)), Verdict::Refused(_)));
    let other = bundle(&ours.person("you@example.com", ISSUER), Some(&ours), &signed(&image()));
    assert!(matches!(world.verdict(&both, &[own, other]), Verdict::Signed(_)));
}

#[test]
fn an_image_is_signed_where_all_of_its_platforms_are() {
    let own = Hand::with_key();
    let world = World::of(&[("cosign.pub", &own)], &[]);
    let trust = without_log(vec![key("cosign.pub")]);
    let [amd, arm] = [b"amd64", b"arm64"].map(|name| simple(&own, None, &paid(&Digest::sha256(name))));
    let whole = simple(&own, None, &paid(&image()));
    let told = world.told(&trust, std::slice::from_ref(&amd));
    assert_eq!(told, "it is about a part of the image, and no signature is about the rest");
    let proofs = |evidence: &[Evidence]| match world.verdict(&trust, evidence) {
        Verdict::Signed(proofs) => proofs.into_iter().map(|proof| proof.evidence).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(proofs(&[amd.clone(), arm.clone()]).len(), 2);
    assert_eq!(proofs(&[amd, whole.clone(), arm]), [whole.digest().clone()], "the image's own is enough");
}

#[test]
fn what_is_said_has_to_be_what_counts() {
    let own = Hand::with_key();
    let world = World::of(&[("cosign.pub", &own)], &[]);
    let mut trust = without_log(vec![key("cosign.pub")]);
    let of = |kind: &str| [bundle(&own, None, &testing::statement("", &image(), kind))];
    for counted in ["https://slsa.dev/provenance/v0.2", "https://slsa.dev/provenance/v1"] {
        assert_eq!(world.told(&trust, &of(counted)), "ok: the key `cosign.pub`");
    }
    let scan = "https://cosign.sigstore.dev/attestation/vuln/v1";
    assert!(world.told(&trust, &of(scan)).contains("counts for nothing here"));
    trust.signers[0].value.predicate = Some(scan.to_owned());
    assert_eq!(world.told(&trust, &of(scan)), "ok: the key `cosign.pub`");
    assert!(world.told(&trust, &of(SIGN)).contains("counts for nothing here"));
    assert!(world.told(&trust, &[simple(&own, None, &paid(&image()))]).contains("counts for nothing here"));
}

#[test]
fn a_signed_attestation_is_about_the_image_that_its_manifest_is_about() {
    let (own, other) = (Hand::with_key(), Hand::with_key());
    let world = World::of(&[("dhi.pub", &own)], &[]);
    let mut trust = without_log(vec![key("dhi.pub")]);
    let manifest = |about: &Digest, kind: &str| {
        let zeros = "0".repeat(64);
        format!(
            r#"{{"schemaVersion":2,"subject":{{"digest":"{about}","size":1,"mediaType":"x"}},"config":{{"digest":"sha256:{zeros}","size":2}},
            "layers":[{{"digest":"sha256:{zeros}","size":2,"annotations":{{"in-toto.io/predicate-type":"{kind}"}}}}]}}"#
        )
        .into_bytes()
    };
    let chain = |hand: &Hand, manifest: &[u8], named: &Digest| {
        let payload = testing::payload("registry.scout.docker.com/dhi/app", named.as_str());
        Evidence::of_attestation(manifest, &simple(hand, None, &payload)).unwrap()
    };
    let slsa = "https://slsa.dev/provenance/v1";
    let each = |hand: &Hand, kind: &str| {
        let platforms = subject().platforms;
        let all = platforms.iter().map(|about| manifest(about, kind));
        all.map(|manifest| chain(hand, &manifest, &Digest::sha256(&manifest))).collect::<Vec<_>>()
    };
    assert_eq!(world.told(&trust, &each(&own, slsa)), "ok: the key `dhi.pub`\nok: the key `dhi.pub`");
    assert!(world.told(&trust, &each(&other, slsa)).contains("not made with this key"));
    let bill = "https://spdx.dev/Document";
    assert!(world.told(&trust, &each(&own, bill)).contains("counts for nothing"));
    let elsewhere = manifest(&Digest::sha256(b"other"), slsa);
    assert!(world.told(&trust, &[chain(&own, &elsewhere, &Digest::sha256(&elsewhere))]).contains("is about `sha256:"));
    let about = manifest(&image(), slsa);
    assert!(
        world.told(&trust, &[chain(&own, &about, &image())]).contains("is about `sha256:"),
        "signs another manifest"
    );
    assert_eq!(world.told(&trust, &[chain(&own, &about, &Digest::sha256(&about))]), "ok: the key `dhi.pub`");
    let nested = chain(&own, &about, &Digest::sha256(&about));
    assert!(Evidence::of_attestation(&about, &nested).is_err(), "an attestation of an attestation is read no further");
    // The kind that is asked for is the attestation's; its own signature is one of cosign's.
    trust.signers[0].value.predicate = Some(bill.to_owned());
    assert_eq!(world.told(&trust, &each(&own, bill)), "ok: the key `dhi.pub`\nok: the key `dhi.pub`");
    assert!(world.told(&trust, &each(&own, slsa)).contains("counts for nothing"));
}
