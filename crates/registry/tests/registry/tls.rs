//! HTTPS with a private authority, and no HTTPS where it is not trusted.

use imagelock_registry::{BuildError, ErrorKind};
use imagelock_testkit::{Image, Registry};

use crate::common::{builder, client, kind, reference, request, resolve, run, settings};

fn registry() -> Registry {
    let registry = Registry::builder().tls().start().unwrap();
    registry.push("app:1", &Image::linux(["amd64", "arm64"]));
    registry
}

#[test]
fn a_private_authority_is_trusted_for_its_registry() {
    let registry = registry();
    let trusting = settings(|settings| settings.ca = registry.ca_pem().map(|pem| pem.as_bytes().to_vec()));
    let client = builder().registry(registry.host().parse().unwrap(), trusting).build().unwrap();
    assert!(resolve(client, &request(&registry, "app:1", &[])).is_ok());
}

#[test]
fn another_authority_is_not_trusted_and_not_tried_again() {
    let (registry, other) = (registry(), self::registry());
    let trusting = settings(|settings| settings.ca = other.ca_pem().map(|pem| pem.as_bytes().to_vec()));
    let client = builder().registry(registry.host().parse().unwrap(), trusting).build().unwrap();
    let error = run(client.head(&reference(&registry, "app:1"))).unwrap_err();
    assert_eq!(error.context.as_ref().unwrap().attempts, 1);
    let host = registry.host();
    assert_eq!(error.host(), Some(host));
    let help = format!(
        "trust its authority with `ca = \"FILE.pem\"` under `[registries.\"{host}\"]`, or allow plain HTTP with `insecure = \
         true`"
    );
    assert_eq!(error.help(), [help]);
    assert!(matches!(kind(error), ErrorKind::Tls { .. }));
}

#[test]
fn a_registry_that_speaks_plain_http_is_not_asked_where_https_is_due() {
    let plain = Registry::start().unwrap();
    let secure = registry();
    let trusting = settings(|settings| settings.ca = secure.ca_pem().map(|pem| pem.as_bytes().to_vec()));
    let client = builder().registry(plain.host().parse().unwrap(), trusting).build().unwrap();
    let error = kind(run(client.head(&reference(&plain, "app:1"))).unwrap_err());
    assert!(matches!(error, ErrorKind::Tls { .. }), "{error}");
    assert_eq!(plain.log().len(), 0);
}

#[test]
fn plain_http_to_a_registry_with_https_is_an_error() {
    assert!(run(client().head(&reference(&registry(), "app:1"))).is_err());
}

#[test]
fn certificates_that_are_none_are_an_error_before_any_request() {
    for pem in ["", "not PEM", "-----BEGIN CERTIFICATE-----\n%%\n-----END CERTIFICATE-----\n"] {
        let broken = settings(|settings| settings.ca = Some(pem.as_bytes().to_vec()));
        let built = builder().registry("ghcr.io".parse().unwrap(), broken).build();
        assert!(matches!(built.err(), Some(BuildError::Certificates { host, .. }) if host == "ghcr.io"), "{pem}");
    }
}
