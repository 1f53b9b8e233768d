//! The languages of services that build and test: a table each.

mod azure;
mod bitbucket;
mod buildkite;
mod circle;
mod cloud_build;
mod drone;
mod github;
mod gitlab;
mod jenkins;

pub use azure::AZURE;
pub use bitbucket::BITBUCKET;
pub use buildkite::BUILDKITE;
pub use circle::CIRCLE;
pub use cloud_build::CLOUD_BUILD;
pub use drone::DRONE;
pub use github::GITHUB;
pub use gitlab::GITLAB;
pub use jenkins::Jenkins;
