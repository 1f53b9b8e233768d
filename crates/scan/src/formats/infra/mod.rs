//! The languages of infrastructure that run and rent: HCL, YAML and JSON, a table each.

mod cloudformation;
mod nomad;
mod terraform;

/// Whether an image is one of CodeBuild's own, which no registry has: `aws/codebuild/standard:7.0`.
fn is_curated(text: &str) -> bool {
    text.starts_with("aws/codebuild/")
}

pub use cloudformation::CloudFormation;
pub use nomad::{NOMAD, NOMAD_JSON};
pub use terraform::{TERRAFORM, TERRAFORM_JSON, VARIABLES};
