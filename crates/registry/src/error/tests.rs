//! What errors say, what helps, and what is made of them.

use std::time::Duration;

use imagelock_core::Digest;
use imagelock_credentials::Origin;

use super::*;

const HOST: &str = "a.example";

/// An error that happened when something was done with `a.example/app:1`.
fn when(doing: &'static str, kind: ErrorKind) -> Error {
    let context = Context {
        doing,
        reference: format!("{HOST}/app:1"),
        host: HOST.to_owned(),
        status: None,
        attempts: 1,
        login: None,
    };
    Error { kind, context: Some(Box::new(context)) }
}

fn status(status: u16) -> ErrorKind {
    ErrorKind::Status { host: HOST.to_owned(), status, message: String::new() }
}

fn network() -> ErrorKind {
    ErrorKind::Network { host: HOST.to_owned(), reason: "refused".to_owned() }
}

fn out_of_time(what: &'static str) -> ErrorKind {
    ErrorKind::OutOfTime { what, limit: Duration::from_mins(1) }
}

#[test]
fn an_error_says_what_was_done_with_what_for_what_and_how_often() {
    let mut error = when("read", network());
    assert_eq!(error.host(), Some(HOST));
    assert_eq!(Error::from(network()).host(), None);
    assert_eq!(error.to_string(), "cannot read a.example/app:1: cannot reach a.example: refused");
    error.context.as_mut().unwrap().attempts = 2;
    let error = error.serving("linux/amd64").serving("a.example/app:2");
    let whole = "cannot read a.example/app:1 for linux/amd64 of a.example/app:2: cannot reach a.example: refused, after 2 attempts";
    assert_eq!(error.to_string(), whole);
    assert_eq!(when("read", network()).serving("a.example/app:1").to_string(), when("read", network()).to_string());
}

#[test]
fn who_may_not_write_is_told_what_writing_takes() {
    let refusal = || Refusal {
        status: 403,
        registry: HOST.to_owned(),
        by: Refuser::Registry,
        login: Login::Unasked,
        message: String::new(),
    };
    let help = when("write", ErrorKind::Forbidden(Box::new(refusal()))).help();
    assert_eq!(help, ["`docker login a.example` as somebody who may write there, or ask who runs a.example"]);
    assert_eq!(when("read", ErrorKind::Forbidden(Box::new(refusal()))).help(), [""; 0]);
    for (number, helps) in [(404, true), (405, true), (406, false)] {
        assert_eq!(!when("write", status(number)).help().is_empty(), helps, "{number}");
        assert_eq!(when("read", status(number)).help(), [""; 0], "{number}");
    }
}

#[test]
fn what_a_person_can_do_is_said_with_the_names_that_it_takes() {
    let digest = Digest::sha256(b"x");
    for (kind, help) in [
        (ErrorKind::Tls { host: HOST.to_owned(), reason: "x".to_owned() }, "`[registries.\"a.example\"]`"),
        (
            ErrorKind::DigestMismatch { host: HOST.to_owned(), expected: digest.clone(), got: Digest::sha256(b"y") },
            digest.short(),
        ),
        (ErrorKind::Unnamed { digest: digest.clone(), asked: Vec::new() }, "`--precise TAG@sha256:"),
        (ErrorKind::TooMuch { whole: "the run", limit: 1, unit: "bytes" }, "name the `platforms` that you need"),
        (ErrorKind::TooLarge { limit: 1, unit: "bytes" }, "docs/registries.md"),
        (out_of_time("the run"), "`--time-limit 2h`"),
    ] {
        let told = when("read", kind).help();
        assert!(told.len() == 1 && told[0].contains(help), "{told:?}");
    }
    assert_eq!(when("read", ErrorKind::TooLarge { limit: 1, unit: "tags" }).help().len(), 2);
    assert_eq!(when("read", out_of_time("a request")).help(), [""; 0]);
}

#[test]
fn what_may_be_gone_the_next_time_is_no_answer_and_no_mistake_of_the_person() {
    let slow = ErrorKind::Slow { host: HOST.to_owned(), verb: "sends", bytes: 1, window: Duration::from_mins(1) };
    let limited = ErrorKind::RateLimited { host: HOST.to_owned(), retry_after: None };
    for kind in [network(), slow, limited, out_of_time("a request"), status(500), status(503)] {
        let error = Error::from(kind);
        assert!(error.may_pass() && !error.is_input(), "{error}");
        assert_eq!(error.is_unreachable(), matches!(error.kind, ErrorKind::Network { .. }), "{error}");
    }
    let missing = ErrorKind::MissingPlatforms { requested: vec![], missing: vec![], has: vec![], unreadable: vec![] };
    let unnamed = ErrorKind::Unnamed { digest: Digest::sha256(b"x"), asked: Vec::new() };
    for (kind, is_input) in [(status(499), false), (missing, true), (unnamed, true)] {
        let error = Error::from(kind);
        assert_eq!((error.may_pass(), error.is_input(), error.is_unreachable()), (false, is_input, false), "{error}");
    }
}

#[test]
fn what_is_absent_may_be_hidden_from_the_login_that_was_shown_or_not_shown() {
    let help = |what, login: &Login| {
        let mut error = when("read", ErrorKind::NotFound { what, newest: Vec::new() });
        error.context.as_mut().unwrap().login = Some(login.clone());
        error.help().join(" ")
    };
    let origin = || Origin::Variable { name: "LOGIN".to_owned() };
    let withheld = |why| Login::Withheld { origin: origin(), why };
    let elsewhere = withheld(Withheld::TokenHost("t.example".to_owned()));
    let unknown = withheld(Withheld::NoRepository);
    for what in [Missing::Repository, Missing::TagOrRepository, Missing::List] {
        assert!(help(what, &elsewhere).contains("`token-hosts = [\"t.example\"]`"), "{what}");
        assert!(help(what, &unknown).starts_with("a.example was asked without "), "{what}");
        assert!(help(what, &Login::Shown(origin())).starts_with("a.example was asked with "), "{what}");
        assert_eq!(help(what, &Login::Absent(Origin::Nowhere)), "", "{what}");
    }
    // Who sees a tag's neighbours sees the tag.
    for what in [Missing::Tag, Missing::Manifest, Missing::Blob, Missing::Listed] {
        assert!(help(what, &elsewhere).contains("`token-hosts"), "{what}");
        assert_eq!((help(what, &unknown), help(what, &Login::Shown(origin()))), (String::new(), String::new()));
    }
}
