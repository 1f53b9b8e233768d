//! Passwords and tokens.

use imagelock_testkit::{Auth, Image, Realm, Registry, TokenAuth};
use reqwest::Response;
use serde_json::Value;

use crate::{MANIFEST, client, get, header};

const FORM: &str = "application/x-www-form-urlencoded";
const TAGS: &str = "/v2/acme/web/tags/list";

fn registry(auth: impl Into<Auth>) -> Registry {
    let registry = Registry::builder().auth(auth).start().unwrap();
    registry.push("acme/web:1.4", &Image::new());
    registry.push("acme/secret:1.4", &Image::new());
    registry
}

async fn token(registry: &Registry, query: &str) -> Option<String> {
    let answer = get(registry, &format!("/token?service=testkit&{query}")).await;
    read(answer).await
}

async fn read(answer: Response) -> Option<String> {
    if answer.status() != 200 {
        return None;
    }
    let document: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    Some(document.get("token").or_else(|| document.get("access_token"))?.as_str()?.to_owned())
}

async fn with(registry: &Registry, path: &str, token: &str) -> Response {
    client().get(format!("{}{path}", registry.url())).bearer_auth(token).send().await.unwrap()
}

fn user() -> TokenAuth {
    Auth::token().user("robot", "hunter2").private("acme/secret")
}

#[tokio::test]
async fn basic_wants_the_right_password() {
    let registry = registry(Auth::basic("robot", "hunter2"));
    let answer = get(&registry, "/v2/").await;
    assert_eq!(answer.status(), 401);
    assert_eq!(header(&answer, "www-authenticate"), "Basic realm=\"testkit\"");
    for (password, status) in [("wrong", 401), ("hunter2", 200)] {
        let url = format!("{}{MANIFEST}", registry.url());
        let answer = client().get(url).basic_auth("robot", Some(password)).send().await.unwrap();
        assert_eq!(answer.status(), status);
    }
    assert_eq!(registry.log().entries()[1].scheme(), Some("Basic"));
}

#[tokio::test]
async fn a_challenge_names_realm_service_and_scope() {
    let registry = registry(Auth::token());
    let answer = get(&registry, MANIFEST).await;
    assert_eq!(answer.status(), 401);
    let realm = format!("{}/token", registry.url());
    let expected = format!("Bearer realm=\"{realm}\",service=\"testkit\",scope=\"repository:acme/web:pull\"");
    assert_eq!(header(&answer, "www-authenticate"), expected);
}

#[tokio::test]
async fn a_realm_may_be_on_another_host() {
    let registry = registry(Auth::token().realm(Realm::SecondHost));
    let answer = get(&registry, MANIFEST).await;
    let realm = format!("{}/token", registry.second_url());
    assert!(header(&answer, "www-authenticate").contains(&realm));
    let url = format!("{realm}?service=testkit&scope=repository:acme/web:pull");
    let token = read(client().get(url).send().await.unwrap()).await.unwrap();
    assert_eq!(with(&registry, MANIFEST, &token).await.status(), 200);
}

#[tokio::test]
async fn a_token_opens_its_scope_and_nothing_else() {
    let registry = registry(user());
    let pull = token(&registry, "scope=repository:acme/web:pull").await.unwrap();
    assert_eq!(with(&registry, TAGS, &pull).await.status(), 200);
    let answer = with(&registry, "/v2/acme/secret/tags/list", &pull).await;
    assert_eq!(answer.status(), 401);
    assert!(header(&answer, "www-authenticate").contains("insufficient_scope"));
    let both = token(&registry, "scope=repository:acme/web:pull&scope=repository:acme/secret:pull").await.unwrap();
    assert_eq!(with(&registry, TAGS, &both).await.status(), 200);
    assert_eq!(with(&registry, "/v2/acme/secret/tags/list", &both).await.status(), 401);
}

#[tokio::test]
async fn a_user_reaches_what_is_private() {
    let registry = registry(user());
    let url = format!("{}/token?service=testkit&scope=repository:acme/secret:pull", registry.url());
    let wrong = client().get(&url).basic_auth("robot", Some("wrong")).send().await.unwrap();
    assert_eq!(wrong.status(), 401);
    let right = client().get(&url).basic_auth("robot", Some("hunter2")).send().await.unwrap();
    let token = read(right).await.unwrap();
    assert_eq!(with(&registry, "/v2/acme/secret/tags/list", &token).await.status(), 200);
}

#[tokio::test]
async fn a_token_is_refused_after_its_uses() {
    let registry = registry(Auth::token().uses(2));
    let token = token(&registry, "scope=repository:acme/web:pull").await.unwrap();
    for status in [200, 200, 401] {
        assert_eq!(with(&registry, TAGS, &token).await.status(), status);
    }
}

#[tokio::test]
async fn without_credentials_there_may_be_no_token() {
    let registry = registry(user().no_anonymous());
    assert_eq!(token(&registry, "scope=repository:acme/web:pull").await, None);
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_by_a_form() {
    let registry = registry(user().refresh_token("refresh-1"));
    for (secret, status) in [("refresh-1", 200), ("refresh-2", 401)] {
        let form = format!(
            "grant_type=refresh_token&service=testkit&scope=repository:acme/secret:pull&refresh_token={secret}"
        );
        let url = format!("{}/token", registry.url());
        let answer = client().post(&url).header("content-type", FORM).body(form.clone()).send().await.unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(registry.log().entries().last().unwrap().form, form);
        // As for any service in Go, a body that is not called a form is none.
        assert_eq!(client().post(url).body(form).send().await.unwrap().status(), 400);
        if let Some(token) = read(answer).await {
            assert_eq!(with(&registry, "/v2/acme/secret/tags/list", &token).await.status(), 200);
        }
    }
}
