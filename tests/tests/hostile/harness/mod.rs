//! What the tables are written in: [`Case`], the documents that they serve, and the runner.

#![allow(dead_code, unused_imports, reason = "the vocabulary is whole, whichever words the tables use today")]

mod case;
mod documents;
mod run;
mod stage;

pub(crate) use case::Case;
pub(crate) use documents::{config, described, descriptor, index_of, manifest_of, put_image, put_index};
pub(crate) use run::run_all;
pub(crate) use stage::{Ran, Stage};
