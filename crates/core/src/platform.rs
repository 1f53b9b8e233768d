//! Platforms (OCI image-spec, `image-index.md`, the `platform` of a descriptor).

use std::fmt;
use std::str::FromStr;

use crate::text::{quoted, serde_as_text};

/// A platform in its normal form, `os/architecture[/variant]`.
///
/// The normal form is containerd's: `linux/arm64/v8` is `linux/arm64`, `linux/amd64/v1` is `linux/amd64`,
/// `linux/arm` is `linux/arm/v7`, and `x86_64`, `aarch64` are `amd64`, `arm64`; so that a request and an index that
/// mean the same machine say the same text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform {
    // The whole text comes first: platforms sort as the lock writes them.
    text: Box<str>,
    os_end: usize,
    architecture_end: usize,
}

/// Why a text is not a [`Platform`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlatformError {
    /// Not two or three parts.
    #[error("a platform is `os/architecture` or `os/architecture/variant`, as in `linux/arm64` or `linux/arm/v7`")]
    Parts,
    /// A part with a character that no platform has.
    #[error("{} is not part of a platform: lower-case letters, digits, `.`, `_` and `-` are", quoted(.0))]
    Part(String),
    /// An attestation's place holder.
    #[error("`unknown` marks attestations in an index, it is not a platform")]
    Unknown,
}

impl Platform {
    /// Makes a platform of the parts that an image has for it, in normal form. Builders wrote `Linux`, `AMD64` and `V8`,
    /// and containerd reads them: letters count in lower case.
    pub fn new(os: &str, architecture: &str, variant: Option<&str>) -> Result<Self, PlatformError> {
        let lower = str::to_ascii_lowercase;
        Self::normal(&lower(os), &lower(architecture), variant.map(lower).as_deref())
    }

    fn normal(os: &str, architecture: &str, variant: Option<&str>) -> Result<Self, PlatformError> {
        let variant = variant.filter(|variant| !variant.is_empty());
        for part in [Some(os), Some(architecture), variant].into_iter().flatten() {
            let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'.' | b'_' | b'-');
            if part.is_empty() || part.len() > 64 || !part.bytes().all(fits) {
                return Err(PlatformError::Part(part.to_owned()));
            }
        }
        if os == "unknown" || architecture == "unknown" {
            return Err(PlatformError::Unknown);
        }
        let os = if os == "macos" { "darwin" } else { os };
        let (architecture, variant) = match (architecture, variant) {
            ("x86_64" | "x86-64" | "amd64", None | Some("v1")) => ("amd64", None),
            ("x86_64" | "x86-64", variant) => ("amd64", variant),
            ("aarch64" | "arm64", None | Some("8" | "v8")) => ("arm64", None),
            ("aarch64", variant) => ("arm64", variant),
            ("i386" | "i486" | "i586" | "i686", _) => ("386", None),
            ("armhf", _) | ("arm", None | Some("7")) => ("arm", Some("v7")),
            ("armel", _) | ("arm", Some("6")) => ("arm", Some("v6")),
            ("arm", Some("5")) => ("arm", Some("v5")),
            ("arm", Some("8")) => ("arm", Some("v8")),
            other => other,
        };
        let mut text = format!("{os}/{architecture}");
        let architecture_end = text.len();
        if let Some(variant) = variant {
            text.push('/');
            text.push_str(variant);
        }
        Ok(Self { text: text.into(), os_end: os.len(), architecture_end })
    }

    /// The platform as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The operating system, as in Go's `GOOS`.
    pub fn os(&self) -> &str {
        &self.text[..self.os_end]
    }

    /// The architecture, as in Go's `GOARCH`.
    pub fn architecture(&self) -> &str {
        &self.text[self.os_end + 1..self.architecture_end]
    }

    /// The variant of the architecture, where it is not the usual one.
    pub fn variant(&self) -> Option<&str> {
        self.text.get(self.architecture_end + 1..)
    }
}

/// What people and locks write: in lower case.
impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let parts: Vec<&str> = text.split('/').collect();
        match parts[..] {
            [os, architecture] => Self::normal(os, architecture, None),
            [_, _, ""] => Err(PlatformError::Parts),
            [os, architecture, variant] => Self::normal(os, architecture, Some(variant)),
            _ => Err(PlatformError::Parts),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.text)
    }
}

serde_as_text!(Platform);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_machine_have_one_form() {
        for (text, normal) in [
            ("linux/amd64", "linux/amd64"),
            ("linux/amd64/v1", "linux/amd64"),
            ("linux/amd64/v3", "linux/amd64/v3"),
            ("linux/x86_64", "linux/amd64"),
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/arm64/v9", "linux/arm64/v9"),
            ("linux/aarch64", "linux/arm64"),
            ("linux/aarch64/8", "linux/arm64"),
            ("linux/aarch64/v9", "linux/arm64/v9"),
            ("linux/x86-64/v2", "linux/amd64/v2"),
            ("linux/x86_64/v1", "linux/amd64"),
            ("linux/arm", "linux/arm/v7"),
            ("linux/armhf", "linux/arm/v7"),
            ("linux/armel", "linux/arm/v6"),
            ("linux/arm/5", "linux/arm/v5"),
            ("linux/arm/6", "linux/arm/v6"),
            ("linux/arm/7", "linux/arm/v7"),
            ("linux/arm/8", "linux/arm/v8"),
            ("linux/i386", "linux/386"),
            ("linux/i686/x", "linux/386"),
            ("windows/amd64", "windows/amd64"),
            ("macos/arm64", "darwin/arm64"),
        ] {
            assert_eq!(text.parse::<Platform>().map(|p| p.to_string()), Ok(normal.to_owned()));
        }
    }

    #[test]
    fn a_platform_is_told_by_its_parts() {
        let parts = |text: &str| {
            let platform: Platform = text.parse().unwrap();
            let variant = platform.variant().map(str::to_owned);
            (platform.os().to_owned(), platform.architecture().to_owned(), variant)
        };
        assert_eq!(parts("linux/arm64/v8"), ("linux".to_owned(), "arm64".to_owned(), None));
        assert_eq!(parts("linux/arm"), ("linux".to_owned(), "arm".to_owned(), Some("v7".to_owned())));
    }

    #[test]
    fn what_images_write_counts_in_lower_case() {
        let made = |os, architecture, variant| Platform::new(os, architecture, variant).map(|p| p.to_string());
        assert_eq!(made("Linux", "AMD64", None), Ok("linux/amd64".to_owned()));
        assert_eq!(made("linux", "X86_64", Some("V1")), Ok("linux/amd64".to_owned()));
        assert_eq!(made("linux", "ARM64", Some("V8")), Ok("linux/arm64".to_owned()));
        assert_eq!(made("MacOS", "Arm64", Some("")), Ok("darwin/arm64".to_owned()));
        assert_eq!(made("Unknown", "UNKNOWN", None), Err(PlatformError::Unknown));
        assert_eq!(made("li nux", "amd64", None), Err(PlatformError::Part("li nux".to_owned())));
    }

    #[test]
    fn what_is_no_platform_is_refused() {
        for text in ["", "linux", "linux/", "/amd64", "linux/arm/v7/x", "linux/arm/", "Linux/amd64", "linux/a\"b"] {
            assert!(text.parse::<Platform>().is_err(), "{text}");
        }
        for text in ["unknown/unknown", "unknown/amd64", "linux/unknown"] {
            assert_eq!(text.parse::<Platform>(), Err(PlatformError::Unknown), "{text}");
        }
        // Anybody may have written it into an index, at any length.
        let of_length = |length| format!("linux/{}", "a".repeat(length)).parse::<Platform>();
        assert!(of_length(64).is_ok() && of_length(65).is_err());
    }
}
