//! No more at once than the limit: neither requests nor connections.

use std::num::NonZeroUsize;
use std::time::Duration;

use futures_util::future::join_all;
use imagelock_registry::Client;
use imagelock_testkit::{Auth, Gate, Image, On, Registry};

use crate::common::{builder, client, reference, request, resolve, run, settings};

const IMAGES: usize = 200;

fn registry(auth: impl Into<Auth>) -> Registry {
    let registry = Registry::builder().auth(auth).start().unwrap();
    let tags: Vec<String> = (0..IMAGES).map(|tag| tag.to_string()).collect();
    registry.push_tags("app", &tags, &Image::linux(["amd64"]));
    registry
}

async fn ask_for_all(client: &Client, registry: &Registry) {
    let asked = (0..IMAGES).map(async |tag| client.head(&reference(registry, &format!("app:{tag}"))).await);
    assert!(join_all(asked).await.into_iter().all(|answer| answer.unwrap().is_some()));
}

#[test]
fn connections_are_never_more_than_the_limit() {
    for limit in [1, 3, 8, 64] {
        let registry = registry(Auth::token());
        let client = builder().per_host(NonZeroUsize::new(limit).unwrap()).overall(NonZeroUsize::new(limit).unwrap());
        run(ask_for_all(&client.build().unwrap(), &registry));
        assert!(registry.log().connections() <= limit, "{} of {limit}", registry.log().connections());
        assert!(registry.log().peak() <= limit, "{} of {limit}", registry.log().peak());
    }
}

#[test]
fn over_tls_everything_shares_one_connection() {
    let registry = Registry::builder().tls().latency(Duration::from_millis(2)).start().unwrap();
    let tags: Vec<String> = (0..IMAGES).map(|tag| tag.to_string()).collect();
    registry.push_tags("app", &tags, &Image::linux(["amd64"]));
    let trusting = settings(|settings| settings.ca = registry.ca_pem().map(|pem| pem.as_bytes().to_vec()));
    let client = builder().registry(registry.host().parse().unwrap(), trusting).build().unwrap();
    run(ask_for_all(&client, &registry));
    // HTTP/1.1 would have needed one for each of the requests at a time.
    assert_eq!((registry.log().connections(), registry.log().len()), (1, IMAGES));
    assert!(registry.log().peak() > 1, "they ran beside each other");
}

#[test]
fn bodies_do_not_cost_connections() {
    let registry = Registry::start().unwrap();
    let images: Vec<_> = (0..40)
        .map(|number| {
            let image = Image::linux(["amd64", "arm64"]).seed(&number.to_string());
            registry.push(&format!("app:{number}"), &image);
            (format!("app-{number}").parse().unwrap(), request(&registry, &format!("app:{number}"), &[]))
        })
        .collect();
    let client = builder().per_host(NonZeroUsize::new(4).unwrap()).build().unwrap();
    crate::common::resolve_all(client, &images.into_iter().collect());
    assert!(registry.log().connections() <= 4, "{}", registry.log().connections());
}

#[test]
fn the_overall_limit_holds_across_hosts() {
    let (one, other) = (registry(Auth::None), registry(Auth::None));
    let client = builder().overall(NonZeroUsize::MIN).build().unwrap();
    run(async { tokio::join!(ask_for_all(&client, &one), ask_for_all(&client, &other)) });
    assert_eq!((one.log().peak(), other.log().peak()), (1, 1));
}

#[test]
fn a_slow_host_does_not_hold_up_another() {
    let (slow, fast) = (registry(Auth::None), registry(Auth::None));
    let gate = Gate::new();
    slow.fault(On::any(), imagelock_testkit::Fault::hold(&gate));
    let client = client();
    run(async {
        let waiting = ask_for_all(&client, &slow);
        tokio::select! {
            () = waiting => panic!("the gate is shut"),
            () = ask_for_all(&client, &fast) => {}
        }
    });
    gate.open();
}

#[test]
fn a_dropped_request_gives_its_place_back() {
    let registry = registry(Auth::None);
    let gate = Gate::new();
    registry.fault(On::any(), imagelock_testkit::Fault::hold(&gate).times(1));
    let client = builder().per_host(NonZeroUsize::MIN).overall(NonZeroUsize::MIN).build().unwrap();
    let app = reference(&registry, "app:1");
    run(async {
        tokio::select! {
            _ = client.head(&app) => panic!("the gate is shut"),
            () = gate.arrived(1) => {}
        }
        assert!(client.head(&reference(&registry, "app:2")).await.unwrap().is_some());
    });
    assert!(resolve(client, &request(&registry, "app:3", &[])).is_ok());
}
