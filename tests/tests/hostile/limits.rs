//! Limits: bytes, tags, platforms, depth, time.

use imagelock_testkit::{Fault, Image, On, Redirect, Registry};

use crate::harness::Case;

fn push(registry: &Registry) {
    registry.push("app:1", &Image::linux(["amd64"]));
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("a manifest without an end ends at its limit")
            .serves(push)
            .serves(|registry| registry.fault(On::manifest("app").method("GET"), Fault::endless()))
            .exits(3)
            .says("larger than 4194304 bytes"),
        Case::new("a configuration without an end ends at its limit")
            .serves(push)
            .serves(|registry| registry.fault(On::blob("app"), Fault::endless()))
            .exits(3)
            .says("larger than 8388608 bytes"),
        Case::new("redirects in a circle end")
            .serves(push)
            .serves(|registry| registry.fault(On::manifest("app"), Fault::redirect(Redirect::Loop)))
            .exits(3),
    ]
}
