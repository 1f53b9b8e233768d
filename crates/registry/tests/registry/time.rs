//! Nothing is waited for without an end. The times are short, and what they end would last for ever.

use std::time::Duration;

use camino::Utf8Path;
use imagelock_core::Digest;
use imagelock_registry::{Client, Error, ErrorKind, Pace, Timeouts};
use imagelock_testkit::{Auth, Fault, Gate, Image, Layer, On, Registry};

use crate::common::{builder, kind, reference, repository, request, resolve, run};

const FOR_EVER: Duration = Duration::from_mins(10);
const SHORT: Duration = Duration::from_millis(50);

fn registry() -> Registry {
    let registry = Registry::start().unwrap();
    registry.push("app:1", &Image::linux(["amd64"]).layer(Layer::files([("data", "0123456789")])));
    registry
}

fn impatient(edit: impl FnOnce(&mut Timeouts)) -> Client {
    let mut timeouts = Timeouts::default();
    edit(&mut timeouts);
    builder().timeouts(timeouts).build().unwrap()
}

/// A byte a second: some bytes come at once, and the rest never.
fn drip() -> Fault {
    Fault::trickle(1, FOR_EVER)
}

fn cut(client: Client, registry: &Registry) -> Error {
    resolve(client, &request(registry, "app:1", &[])).unwrap_err()
}

#[test]
fn an_answer_that_does_not_come_is_asked_for_once_more() {
    let registry = registry();
    registry.fault(On::manifest("app"), Fault::delay(FOR_EVER));
    let client = impatient(|timeouts| timeouts.request = SHORT);
    let error = run(client.head(&reference(&registry, "app:1"))).unwrap_err();
    assert!(error.to_string().contains("did not answer in time, after 2 attempts"), "{error}");
}

#[test]
fn what_has_no_time_of_its_own_may_not_be_silent_before_it_begins() {
    let registry = registry();
    registry.fault(On::any(), Fault::delay(FOR_EVER));
    let client = || impatient(|timeouts| timeouts.read = SHORT);
    let repository = repository(&registry, "app");
    let error = run(client().tags(&repository)).unwrap_err();
    assert!(error.to_string().contains("did not answer in time, after 2 attempts"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(folder.path()).unwrap().join("layer");
    let digest = Digest::sha256(b"");
    let error = run(client().blob_to_file(&repository, &digest, None, &path)).unwrap_err();
    assert!(error.to_string().contains("did not answer in time, after 2 attempts"), "{error}");
}

#[test]
fn a_body_that_drips_is_cut_whatever_it_is() {
    let pace = Pace { bytes: 20 << 10, window: SHORT };
    for on in [On::manifest("app").method("GET"), On::blob("app"), On::tags("app"), On::token()] {
        let registry = Registry::builder().auth(Auth::token()).start().unwrap();
        registry.push("app:1", &Image::linux(["amd64"]));
        registry.fault(on.clone(), drip());
        let client = impatient(|timeouts| timeouts.pace = pace);
        let error = if format!("{on:?}").contains("Tags") {
            run(client.tags(&repository(&registry, "app"))).map(drop).unwrap_err()
        } else {
            cut(client, &registry)
        };
        let text = error.to_string();
        assert!(text.contains("sends less than 20 KiB in 50 ms"), "{on:?}: {text}");
        assert!(text.contains("2 attempts") || text.contains("token"), "{on:?}: {text}");
    }
}

#[test]
fn a_layer_that_drips_is_cut_and_leaves_nothing_behind() {
    let registry = registry();
    let image = Image::linux(["amd64"]).layer(Layer::files([("data", "0123456789")]));
    let layer = image.layers_of("linux/amd64")[0].clone();
    registry.fault(On::blob("app"), drip());
    let client = impatient(|timeouts| timeouts.pace = Pace { bytes: 20 << 10, window: SHORT });
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(folder.path()).unwrap().join("layer");
    let digest: Digest = layer.digest.parse().unwrap();
    let error = run(client.blob_to_file(&repository(&registry, "app"), &digest, None, &path)).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Slow { .. }), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_list_of_tags_has_a_time_of_its_own() {
    let registry = registry();
    registry.fault(On::tags("app"), Fault::delay(FOR_EVER));
    let client = impatient(|timeouts| timeouts.list = SHORT);
    let error = kind(run(client.tags(&repository(&registry, "app"))).unwrap_err());
    assert_eq!(error.to_string(), "the list of tags takes longer than 50 ms");
}

#[test]
fn the_time_of_a_run_ends_everything_that_is_still_asked_for() {
    let registry = registry();
    registry.fault(On::manifest("app"), Fault::delay(FOR_EVER));
    let client = impatient(|timeouts| timeouts.run = Some(SHORT));
    let error = cut(client.clone(), &registry);
    assert_eq!(error.kind.to_string(), "the run takes longer than 50 ms");
    assert_eq!(error.help(), ["`--time-limit 2h` gives it longer"]);
    let asked = registry.log().len();
    // What comes after the end is not asked at all, or is over at once.
    assert!(run(client.head(&reference(&registry, "app:1"))).is_err());
    assert!(registry.log().len() <= asked + 1);
}

#[test]
fn a_time_that_no_clock_reaches_is_no_limit() {
    let registry = registry();
    let client = impatient(|timeouts| timeouts.run = Some(Duration::MAX));
    assert!(resolve(client, &request(&registry, "app:1", &[])).is_ok());
}

#[test]
fn a_redirect_gives_no_new_time() {
    let registry = registry();
    let gate = Gate::new();
    registry.fault(On::manifest("app"), Fault::redirect(imagelock_testkit::Redirect::SameHost));
    registry.fault(On::manifest("app"), Fault::hold(&gate));
    let client = impatient(|timeouts| timeouts.request = SHORT);
    let error = run(client.head(&reference(&registry, "app:1"))).unwrap_err();
    assert!(error.to_string().contains("did not answer in time"), "{error}");
    gate.open();
}
