//! The names under which Bazel knows locked images.
//!
//! The Bazel module in `module/` reads the lock itself: there is no file to render, and so no table in the project
//! file. What is here says which target an image is, for people who ask, and which images can be none; the module
//! refuses the same ones.
//!
//! ```
//! use imagelock_bazel::{label, target};
//!
//! let (name, platform) = ("postgres".parse()?, "linux/arm/v7".parse()?);
//! assert_eq!(label(&name, &[platform])?, "@images//postgres");
//! assert_eq!(target(&"linux/arm/v7".parse()?), "linux_arm_v7");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeMap;

use imagelock_core::{ImageName, Platform};

/// The targets that each image's package has, beside the image itself and its platforms.
pub const FIXED_TARGETS: [&str; 5] = ["config", "digest", "layout", "manifest", "reference"];

/// The files of the hub's own folder, in lower case: some file systems take both cases for one.
const HUB_FILES: [&str; 4] = ["build.bazel", "images.bzl", "repositories.bzl", "workspace"];

/// Why an image has no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Collision {
    /// The image's folder would lie where a file is.
    #[error("image `{0}` has the name of a file of Bazel's hub")]
    HubFile(ImageName),
    /// The image would be the target that holds, say, its digest.
    #[error("image `{0}` and its target `:{0}` have one name")]
    FixedTarget(ImageName),
    /// A platform's target would be another target of the package.
    #[error("image `{name}` and its platform {platform} have one target")]
    Platform {
        /// The image.
        name: ImageName,
        /// The platform.
        platform: Platform,
    },
    /// Two platforms would be one target.
    #[error("the platforms {first} and {second} of image `{name}` have one target")]
    Platforms {
        /// The image.
        name: ImageName,
        /// The first platform.
        first: Platform,
        /// The second platform.
        second: Platform,
    },
}

/// Returns the label of an image in the hub that is called `images`, as it is by default.
pub fn label(name: &ImageName, platforms: &[Platform]) -> Result<String, Collision> {
    let text = name.as_str();
    if HUB_FILES.contains(&text) {
        return Err(Collision::HubFile(name.clone()));
    }
    if FIXED_TARGETS.contains(&text) {
        return Err(Collision::FixedTarget(name.clone()));
    }
    let mut targets = BTreeMap::new();
    for platform in platforms {
        let target = target(platform);
        if target == text || FIXED_TARGETS.contains(&target.as_str()) {
            return Err(Collision::Platform { name: name.clone(), platform: platform.clone() });
        }
        if let Some(first) = targets.insert(target, platform) {
            return Err(Collision::Platforms { name: name.clone(), first: first.clone(), second: platform.clone() });
        }
    }
    Ok(format!("@images//{name}"))
}

/// Returns the name of the target that is one platform of an image, whatever Bazel builds for.
pub fn target(platform: &Platform) -> String {
    platform.to_string().replace('/', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, platforms: &[&str]) -> Result<String, String> {
        let platforms: Vec<Platform> = platforms.iter().map(|platform| platform.parse().unwrap()).collect();
        label(&name.parse().unwrap(), &platforms).map_err(|collision| collision.to_string())
    }

    #[test]
    fn an_image_is_a_package_and_a_platform_a_target_in_it() {
        assert_eq!(of("web-1.2_x", &["linux/amd64", "linux/arm/v7"]), Ok("@images//web-1.2_x".to_owned()));
        assert_eq!(target(&"windows/amd64".parse().unwrap()), "windows_amd64");
    }

    #[test]
    fn two_things_with_one_name_are_both_named() {
        assert_eq!(of("digest", &[]), Err("image `digest` and its target `:digest` have one name".to_owned()));
        assert_eq!(of("images.bzl", &[]), Err("image `images.bzl` has the name of a file of Bazel's hub".to_owned()));
        assert_eq!(
            of("linux_arm_v7", &["linux/arm/v7"]),
            Err("image `linux_arm_v7` and its platform linux/arm/v7 have one target".to_owned())
        );
        assert_eq!(
            of("web", &["linux/a_b", "linux/a/b"]),
            Err("the platforms linux/a_b and linux/a/b of image `web` have one target".to_owned())
        );
    }
}
