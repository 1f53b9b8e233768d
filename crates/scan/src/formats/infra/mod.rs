//! The languages of infrastructure that are HCL, or JSON in its place: a table each.

mod nomad;
mod terraform;

pub use nomad::{NOMAD, NOMAD_JSON};
pub use terraform::{TERRAFORM, TERRAFORM_JSON, VARIABLES};
