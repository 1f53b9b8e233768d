//! The client and the resolver against a registry with faults. Every assertion about the network counts requests.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod auth;
mod blobs;
mod bounds;
mod common;
mod determinism;
mod documents;
mod facts;
mod faults;
mod gates;
mod heads;
mod layouts;
mod limits;
mod logins;
mod mirrors;
mod newest;
mod platforms;
mod policies;
mod push;
mod raw;
mod redirects;
mod referrers;
mod resolve;
mod secrets;
mod sharing;
mod tags;
mod time;
mod tls;
mod updates;
mod verify;
mod web;
