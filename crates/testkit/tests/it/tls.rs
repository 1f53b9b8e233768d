//! HTTPS by an authority of the registry's own.

use imagelock_testkit::{Fault, Image, On, Redirect, Registry};
use reqwest::{Certificate, Client};

use crate::{MANIFEST, header};

#[tokio::test]
async fn a_client_that_trusts_the_authority_gets_in() {
    let registry = Registry::builder().tls().start().unwrap();
    registry.push("acme/web:1.4", &Image::new());
    let trust = Certificate::from_pem(registry.ca_pem().unwrap().as_bytes()).unwrap();
    let client = Client::builder().no_proxy().tls_certs_only([trust]).redirect(reqwest::redirect::Policy::none());
    let client = client.build().unwrap();
    for base in [registry.url(), registry.second_url()] {
        assert_eq!(client.get(format!("{base}{MANIFEST}")).send().await.unwrap().status(), 200);
    }
    registry.fault(On::manifest("acme/web"), Fault::redirect(Redirect::Plain));
    let answer = client.get(format!("{}{MANIFEST}", registry.url())).send().await.unwrap();
    let target = header(&answer, "location");
    assert!(target.starts_with("http://127.0.0.1:"), "{target}");
    assert_eq!(client.get(target).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_client_that_does_not_know_the_authority_stays_out() {
    let registry = Registry::builder().tls().start().unwrap();
    let client = Client::builder().no_proxy().build().unwrap();
    assert!(client.get(format!("{}/v2/", registry.url())).send().await.unwrap_err().is_connect());
    assert!(registry.log().is_empty());
}
