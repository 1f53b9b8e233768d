//! The languages of infrastructure that run and rent: HCL, YAML and JSON, a table each.

mod cloudformation;
mod nomad;
mod terraform;

pub use cloudformation::CloudFormation;
pub use nomad::{NOMAD, NOMAD_JSON};
pub use terraform::{TERRAFORM, TERRAFORM_JSON, VARIABLES};
