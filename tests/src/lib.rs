//! What the end-to-end tests share: the outside tools, real registries, and scratch repositories in which the
//! `imagelock` binary runs.
//!
//! Not for: behaviour that a crate's own tests can show with `imagelock-testkit`, which is faster and can fail on
//! demand. A test belongs here when the point is that somebody else's program accepts what imagelock wrote.
//!
//! ```no_run
//! # use imagelock_tests::{Monorepo, RealRegistry, need};
//! # fn a_test() {
//! let registry = RealRegistry::new(&need!("docker-registry")).start();
//! let repo = Monorepo::builder().file("images.toml", "[images]\n").build();
//! repo.imagelock(["lock"]).success();
//! assert_eq!(registry.requests().len(), 0);
//! # }
//! ```

#![allow(clippy::missing_panics_doc, reason = "a harness reports every failure by a panic, which fails the test")]
#![allow(clippy::expect_used, reason = "a harness reports every failure by a panic, which fails the test")]

mod binary;
mod buildkit;
mod chromium;
mod guide;
mod monorepo;
mod output;
mod registry;
mod signed;
mod targets;
mod tool;

pub use self::{
    binary::{binary, cargo_build},
    buildkit::{BUILT, BuildKit, executables, image_that_says, shell},
    chromium::Chromium,
    guide::Guide,
    monorepo::{Monorepo, MonorepoBuilder, files_below},
    output::Output,
    registry::{GENERATIONS, PASSWORD, RealRegistry, RealRegistryBuilder, Request, USER},
    signed::{Logged, bundle, push_bundles},
    targets::target_of_every_image,
    tool::{tool, tool_or_skip},
};
