//! The hostile suite: what registries, networks, repositories and files may do to `imagelock`, case by case.
//!
//! Each file is a table of named cases on the testkit: what is served, what stands in the repository, which command is
//! run, and what must come of it. [`Case`](harness::Case) says what a case may say, and what holds for every case
//! without being said: no panic, no secret in anything printed or written or sent to another host, nothing written by a
//! run that fails, nothing on a terminal that it would obey.
//!
//! A new case is a row in the file of its subject. `IMAGELOCK_CASE=words` runs the cases whose names hold the words.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod commands;
mod credentials;
mod documents;
mod facts;
mod files;
mod gateways;
mod harness;
mod layouts;
mod limits;
mod locks;
mod logins;
mod manifests;
mod messages;
mod network;
mod outputs;
mod platforms;
mod references;
mod secrets;
mod tags;
mod updates;

use std::collections::BTreeSet;

use harness::{Case, run_all};

/// The cases of one file.
type Table = fn() -> Vec<Case>;

/// The tables, by the names of their files.
const TABLES: [(&str, Table); 19] = [
    ("commands", commands::cases),
    ("credentials", credentials::cases),
    ("documents", documents::cases),
    ("facts", facts::cases),
    ("files", files::cases),
    ("gateways", gateways::cases),
    ("layouts", layouts::cases),
    ("limits", limits::cases),
    ("locks", locks::cases),
    ("logins", logins::cases),
    ("manifests", manifests::cases),
    ("messages", messages::cases),
    ("network", network::cases),
    ("outputs", outputs::cases),
    ("platforms", platforms::cases),
    ("references", references::cases),
    ("secrets", secrets::cases),
    ("tags", tags::cases),
    ("updates", updates::cases),
];

/// How many cases there are at least; a table that loses its rows is noticed.
const AT_LEAST: usize = 150;

#[test]
fn every_case_of_commands_comes_out_as_told() {
    run_all(commands::cases());
}

#[test]
fn every_case_of_credentials_comes_out_as_told() {
    run_all(credentials::cases());
}

#[test]
fn every_case_of_documents_comes_out_as_told() {
    run_all(documents::cases());
}

#[test]
fn every_case_of_facts_comes_out_as_told() {
    run_all(facts::cases());
}

#[test]
fn every_case_of_files_comes_out_as_told() {
    run_all(files::cases());
}

#[test]
fn every_case_of_gateways_comes_out_as_told() {
    run_all(gateways::cases());
}

#[test]
fn every_case_of_layouts_comes_out_as_told() {
    run_all(layouts::cases());
}

#[test]
fn every_case_of_limits_comes_out_as_told() {
    run_all(limits::cases());
}

#[test]
fn every_case_of_locks_comes_out_as_told() {
    run_all(locks::cases());
}

#[test]
fn every_case_of_logins_comes_out_as_told() {
    run_all(logins::cases());
}

#[test]
fn every_case_of_manifests_comes_out_as_told() {
    run_all(manifests::cases());
}

#[test]
fn every_case_of_messages_comes_out_as_told() {
    run_all(messages::cases());
}

#[test]
fn every_case_of_network_comes_out_as_told() {
    run_all(network::cases());
}

#[test]
fn every_case_of_outputs_comes_out_as_told() {
    run_all(outputs::cases());
}

#[test]
fn every_case_of_platforms_comes_out_as_told() {
    run_all(platforms::cases());
}

#[test]
fn every_case_of_references_comes_out_as_told() {
    run_all(references::cases());
}

#[test]
fn every_case_of_secrets_comes_out_as_told() {
    run_all(secrets::cases());
}

#[test]
fn every_case_of_tags_comes_out_as_told() {
    run_all(tags::cases());
}

#[test]
fn every_case_of_updates_comes_out_as_told() {
    run_all(updates::cases());
}

#[test]
#[should_panic(expected = "1 of 1 cases came out otherwise:\n--- a case\nit ends with Some(3) and not with 0\n")]
fn a_case_that_comes_out_otherwise_fails_the_suite_by_its_name() {
    run_all(vec![Case::new("a case")]);
}

#[test]
#[should_panic(expected = "the secret `no such repository` stands in standard error")]
fn a_secret_that_is_printed_fails_the_suite() {
    run_all(vec![Case::new("a case").secret("no such repository").exits(3)]);
}

#[test]
fn the_tables_hold_their_cases_and_no_name_stands_twice_in_one() {
    let mut all = 0;
    for (table, cases) in TABLES {
        let cases = cases();
        println!("{table}: {} cases", cases.len());
        let mut names = BTreeSet::new();
        for case in &cases {
            assert!(names.insert(case.name), "{table} has a second `{}`", case.name);
        }
        all += cases.len();
    }
    println!("{all} cases in all");
    assert!(all >= AT_LEAST, "{all} cases are left of at least {AT_LEAST}");
}
