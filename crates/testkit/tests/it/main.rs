//! The registry as clients see it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod auth;
mod content;
mod faults;
mod protocol;
mod push;
#[cfg(feature = "tls")]
mod tls;

use imagelock_testkit::{Image, Registry};
use reqwest::{Client, Method, Response};

/// A registry with `acme/web:1.4`.
pub(crate) fn registry() -> (Registry, Image) {
    let registry = Registry::start().unwrap();
    let image = Image::linux(["amd64", "arm64"]).seed("web");
    registry.push("acme/web:1.4", &image);
    (registry, image)
}

/// A client that follows no redirects and never retries, so that a test sees every answer.
pub(crate) fn client() -> Client {
    let builder = Client::builder().redirect(reqwest::redirect::Policy::none()).retry(reqwest::retry::never());
    builder.no_proxy().build().unwrap()
}

pub(crate) async fn ask(registry: &Registry, method: Method, path: &str) -> Response {
    client().request(method, format!("{}{path}", registry.url())).send().await.unwrap()
}

pub(crate) async fn get(registry: &Registry, path: &str) -> Response {
    ask(registry, Method::GET, path).await
}

pub(crate) fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

pub(crate) const MANIFEST: &str = "/v2/acme/web/manifests/1.4";
