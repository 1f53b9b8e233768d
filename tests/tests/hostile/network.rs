//! The network between: connections that break, answers that are cut, redirects, certificates, mirrors.

use imagelock_testkit::{Fault, Image, On, Redirect, Registry};

use crate::harness::Case;

const MIRRORED: &str = "[images]\napp = \"{host}/app:1\"\n[registries.\"{host}\"]\nmirrors = [\"{other}/hub\"]\n";
const TRUSTED: &str = "[images]\napp = \"{host}/app:1\"\n[registries.\"{host}\"]\nca = \"ca.pem\"\n";

fn image() -> Image {
    Image::linux(["amd64"])
}

/// A case in which `app:1` is there, and something happens to some requests.
fn met(name: &'static str, on: On, fault: Fault) -> Case {
    Case::new(name).serves(move |registry| {
        registry.push("app:1", &image());
        registry.fault(on, fault);
    })
}

fn gets() -> On {
    On::manifest("app").method("GET")
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = connections();
    cases.extend(headers());
    cases.extend(redirects());
    cases.extend(certificates());
    cases.extend(mirrors());
    cases
}

fn connections() -> Vec<Case> {
    vec![
        met("a connection that is closed twice is tried again", On::manifest("app"), Fault::close().times(2)),
        met("a connection that is always closed is given up after four attempts", On::manifest("app"), Fault::close())
            .exits(3)
            .asks("HEAD", "/v2/app/manifests/1", 4),
        met("an answer that is cut once is tried again", gets(), Fault::truncate(10).times(1)),
        met("an answer that is always cut is no document", gets(), Fault::truncate(10)).exits(3),
        met("a server that fails once is asked again", On::any(), Fault::status(503).times(1)),
        met("a server that always fails is told with its status", On::any(), Fault::status(502)).exits(3).says("502"),
        met(
            "nobody waits for a century, whatever a server asks for",
            On::manifest("app"),
            Fault::status(429).retry_after("Fri, 01 Jan 2100 00:00:00 GMT"),
        )
        .exits(3)
        .says("429")
        .requests(1),
        met(
            "a time to wait that is none is no time to wait",
            On::manifest("app"),
            Fault::status(429).retry_after("soon").times(1),
        ),
        met("a status that no client knows is an error", On::manifest("app"), Fault::status(799)).exits(3).says("799"),
        met("an answer without content is no document", gets(), Fault::status(204).body("")).exits(3),
        met("part of a document is no document", gets(), Fault::bytes("{\"schemaVersion\":2,")).exits(3),
        met("an empty body is no document", gets(), Fault::bytes("")).exits(3),
    ]
}

fn headers() -> Vec<Case> {
    let other = imagelock_testkit::sha256(b"other");
    vec![
        met(
            "a digest in a header that is a path is refused",
            On::manifest("app"),
            Fault::digest_header("sha256:../../../etc/passwd"),
        )
        .exits(3),
        met("a digest in a header in capitals is refused", On::manifest("app"), Fault::digest_header("SHA256:AA"))
            .exits(3),
        met("a digest in a header that is empty is refused", On::manifest("app"), Fault::digest_header("")).exits(3),
        met("a digest in a header that the body denies is refused", gets(), Fault::digest_header(&other)).exits(3),
        met(
            "a header that lies for a tag alone leads to nothing",
            On::manifest("app").method("HEAD"),
            Fault::digest_header(&other),
        )
        .exits(3)
        .no_file("images.lock"),
        met("what is said of a type counts less than the bytes", On::manifest("app"), Fault::content_type("text/html"))
            .lock_has("/images/app/mediaType", "application/vnd.oci.image.manifest.v1+json"),
        met("a registry that tells no digests is read by its bodies", On::manifest("app"), Fault::no_digest_header()),
        met("a configuration with other bytes is refused", On::blob("app"), Fault::bytes("{}")).exits(3),
    ]
}

fn redirects() -> Vec<Case> {
    let to = |name, on: On, address: &str| met(name, on, Fault::redirect(Redirect::To(address.to_owned()))).exits(3);
    vec![
        met("a manifest is not taken from a host that nobody named", gets(), Fault::redirect(Redirect::SecondHost))
            .exits(3)
            .says("redirect-hosts"),
        met("a manifest is taken from a host that is named for it", gets(), Fault::redirect(Redirect::SecondHost))
            .toml("[images]\napp = \"{host}/app:1\"\n[registries.\"{host}\"]\nredirect-hosts = [\"{second}\"]\n"),
        met(
            "a configuration is taken from wherever its digest holds",
            On::blob("app"),
            Fault::redirect(Redirect::SecondHost),
        ),
        met("a redirect on the same host is followed", gets(), Fault::redirect(Redirect::SameHost)),
        to("a redirect to a file is not followed", On::blob("app"), "file:///etc/passwd"),
        to("a redirect to another protocol is not followed", On::blob("app"), "ftp://example.com/blob"),
        to(
            "a redirect to the machine's own services is not followed",
            On::blob("app"),
            "http://169.254.169.254/latest/meta-data",
        ),
        to("a redirect to no address is not followed", On::blob("app"), "http://["),
        to("an empty redirect is not followed", On::blob("app"), ""),
        met("a redirect without a place is not followed", On::blob("app"), Fault::status(307)).exits(3),
        met("a blob's redirect does not leave TLS", On::blob("app"), Fault::redirect(Redirect::Plain))
            .registry(Registry::builder().tls())
            .toml(TRUSTED)
            .exits(3),
        met("a manifest's redirect does not leave TLS", gets(), Fault::redirect(Redirect::Plain))
            .registry(Registry::builder().tls())
            .toml(TRUSTED)
            .exits(3),
    ]
}

fn certificates() -> Vec<Case> {
    let tls = |name| {
        Case::new(name).registry(Registry::builder().tls()).serves(|registry| drop(registry.push("app:1", &image())))
    };
    vec![
        tls("an authority that nobody trusts is refused, with the key that trusts it").exits(3).says("ca"),
        tls("an authority of the project file is trusted").toml(TRUSTED),
        tls("an authority of another registry is not trusted")
            .other(Registry::builder().tls())
            .toml("[images]\napp = \"{host}/app:1\"\n[registries.\"{host}\"]\nca = \"other-ca.pem\"\n")
            .exits(3),
        tls("an authority that is no certificate is told with its file")
            .toml("[images]\napp = \"{host}/app:1\"\n[registries.\"{host}\"]\nca = \"bad.pem\"\n")
            .file("bad.pem", "-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n")
            .exits(2)
            .says("bad.pem"),
    ]
}

fn mirrors() -> Vec<Case> {
    let mirrored = |name| Case::new(name).toml(MIRRORED).serves(|registry| drop(registry.push("app:1", &image())));
    let other = || Image::linux(["amd64"]).seed("another");
    vec![
        mirrored("a mirror that has nothing is passed over").lock_has("/images/app/registry", "{host}"),
        mirrored("a mirror is never asked what a tag is")
            .then(move |stage| drop(stage.other.push("hub/app:1", &other())))
            .lock_has("/images/app/digest", image().digest()),
        mirrored("a mirror that answers by digest spares the registry its bodies")
            .then(|stage| drop(stage.other.push("hub/app:1", &image())))
            .asks("GET", "/v2/app/manifests/", 0)
            .lock_has("/images/app/repository", "app"),
        mirrored("a mirror that fails is passed over").then(|stage| stage.other.fault(On::any(), Fault::status(403))),
        mirrored("a mirror that gives other bytes is passed over")
            .then(|stage| {
                stage.other.push("hub/app:1", &image());
                stage.other.fault(On::manifest("hub/app"), Fault::bytes("{}"));
            })
            .lock_has("/images/app/digest", image().digest()),
        mirrored("a mirror that redirects elsewhere is passed over").then(|stage| {
            stage.other.fault(On::any(), Fault::redirect(Redirect::To("http://evil.invalid/".to_owned())));
        }),
    ]
}
