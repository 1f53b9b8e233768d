//! Real registries behave as the rest of the end-to-end tests take for granted.

use imagelock_testkit::{Credentials, Image};
use imagelock_tests::{GENERATIONS, PASSWORD, RealRegistry, Request, USER, need};

#[test]
fn a_registry_starts_answers_and_logs_each_request_once() {
    for generation in GENERATIONS {
        let registry = RealRegistry::new(&need!(generation)).start();
        assert_eq!(registry.get("/v2/"), 200);
        assert_eq!(registry.get("/v2/nothing/tags/list"), 404);
        let expected = [("/v2/", 200), ("/v2/nothing/tags/list", 404)].map(|(path, status)| Request {
            method: "GET".into(),
            path: path.into(),
            status,
        });
        assert_eq!(registry.requests(), expected, "{generation}");
        assert_eq!(registry.requests(), expected, "the log of {generation} counts its own readers");
    }
}

#[test]
fn a_pushed_image_is_served_under_its_tag() {
    for generation in GENERATIONS {
        let registry = RealRegistry::new(&need!(generation)).start();
        let image = Image::linux(["amd64", "arm64"]);
        image.push_to(&registry.url(), "acme/web", "1.4", None).unwrap();
        assert_eq!(
            registry.get(&format!("/v2/acme/web/manifests/{}", image.manifest_of("linux/amd64").unwrap().digest)),
            404,
            "no Accept, no OCI manifest"
        );
        assert_eq!(registry.get("/v2/acme/web/tags/list"), 200);
        assert_eq!(registry.count("PUT", "/manifests/1.4"), 1, "{generation}");
    }
}

#[test]
fn a_registry_with_a_password_lets_only_its_user_in() {
    for generation in GENERATIONS {
        let registry = RealRegistry::new(&need!(generation)).basic_auth().start();
        let image = Image::linux(["amd64"]);
        assert_eq!(registry.get("/v2/"), 401);
        let stranger = Credentials { user: USER, password: "guess" };
        assert!(image.push_to(&registry.url(), "acme/web", "1", Some(stranger)).is_err());
        let user = Credentials { user: USER, password: PASSWORD };
        image.push_to(&registry.url(), "acme/web", "1", Some(user)).unwrap();
    }
}

#[test]
fn a_registry_with_tls_is_trusted_through_its_authority() {
    for generation in GENERATIONS {
        let registry = RealRegistry::new(&need!(generation)).tls().start();
        assert!(registry.url().starts_with("https://127.0.0.1:"));
        assert_eq!(registry.get("/v2/"), 200);
        assert_eq!(registry.requests().len(), 1);
    }
}
