//! The lock is a function of the requests and of the registry's content, and of nothing else.

use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::time::Duration;

use imagelock_core::policy::LIMIT;
use imagelock_core::{ImageName, Lockfile, Request};
use imagelock_registry::{Backoff, Client, Resolver, Step, Take};
use imagelock_testkit::{Fault, Image, On, Registry};
use proptest::prelude::*;

use crate::common::{name, request, run, settings};

struct World {
    registry: Registry,
    mirror: Registry,
    requests: Vec<(ImageName, Request)>,
    lock: String,
}

/// A dozen images of several kinds, in a registry and in a mirror that is behind with one of them.
fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let (registry, mirror) = (Registry::start().unwrap(), Registry::start().unwrap());
        let mut requests = Vec::new();
        for number in 0..12 {
            let version = format!("1.{number}");
            let image = Image::linux(["arm64", "amd64", "s390x"]).seed(&version);
            let image = match number % 4 {
                0 => image.label("org.opencontainers.image.version", &version).attestations(),
                1 => image.docker(),
                2 => image.manifest_annotation("org.opencontainers.image.source", "https://a.example"),
                _ => Image::linux(["amd64"]).seed(&version),
            };
            let reference = format!("app-{number}:{version}");
            registry.push(&reference, &image);
            let old = Image::new().seed("old");
            mirror.push(&format!("hub/{reference}"), if number == 5 { &old } else { &image });
            let wanted: &[&str] = if number % 4 == 2 { &["linux/amd64", "linux/s390x"] } else { &[] };
            requests.push((name(&format!("app-{number}")), request(&registry, &reference, wanted)));
        }
        let client = Client::builder().build().unwrap();
        let lock = encode(client, &requests);
        World { registry, mirror, requests, lock }
    })
}

fn encode(client: Client, requests: &[(ImageName, Request)]) -> String {
    let steps: Vec<Step<'_>> = requests
        .iter()
        .map(|(name, request)| Step { name, request, known: None, take: Take::Newest, limit: LIMIT, gate: None })
        .collect();
    Lockfile { images: run(Resolver::new(client).resolve(&steps)).unwrap().images, ..Default::default() }.encode()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_lock_is_the_same_bytes_in_any_order_at_any_concurrency_through_any_mirror(
        limit in 1_usize..=64,
        mirrored in any::<bool>(),
        order in Just((0..12_usize).collect::<Vec<_>>()).prop_shuffle(),
        slow in prop::collection::vec((0..12_usize, 0..6_u64), 0..6),
        broken in prop::option::of(0..12_usize),
    ) {
        let world = world();
        world.registry.heal();
        for (number, delay) in slow {
            let delay = Fault::delay(Duration::from_millis(delay));
            world.registry.fault(On::manifest(&format!("app-{number}")), delay);
        }
        if let Some(number) = broken {
            world.registry.fault(On::manifest(&format!("app-{number}")), Fault::status(503).times(2));
        }
        let limit = NonZeroUsize::new(limit).unwrap();
        let mut builder = Client::builder().per_host(limit).overall(limit).backoff(Backoff::without_waiting());
        if mirrored {
            let mirror = format!("{}/hub", world.mirror.host()).parse().unwrap();
            let host = world.registry.host().parse().unwrap();
            builder = builder.registry(host, settings(|settings| settings.mirrors.push(mirror)));
        }
        let shuffled: Vec<_> = order.iter().map(|at| world.requests[*at].clone()).collect();
        prop_assert_eq!(encode(builder.build().unwrap(), &shuffled), world.lock.as_str());
    }
}
