//! Packages, and the names by which two lists of them are compared.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use packageurl::PackageUrl;
use serde::{Serialize, Serializer};

use crate::advisory::Release;

/// Who says that something is in an image, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// It was read out of bytes under a locked digest.
    Verified,
    /// An annotation, a label or an attestation without a signature says it.
    Publisher,
    /// It was not read: too large, or of a format that no reader here knows.
    NotRead,
}

impl Grade {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Publisher => "said by the publisher",
            Self::NotRead => "not read",
        }
    }
}

/// A package URL (purl-spec) without its version and without what does not tell two packages apart.
///
/// This is a package's identity: the same purl in two images is the same package, in whatever versions. Qualifiers that change
/// with a rebuild or with who made the list (`arch`, `distro`, `upstream`) are no part of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purl(String);

/// A text that is no package URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no package URL: {reason}")]
pub struct PurlError {
    text: String,
    reason: String,
}

/// The qualifiers that are no part of a package's identity.
const CHANGING: [&str; 11] = [
    "arch",
    "checksum",
    "distro",
    "download_url",
    "epoch",
    "os_distro",
    "os_name",
    "os_version",
    "package-id",
    "upstream",
    "vcs_url",
];

impl Purl {
    /// The identity of a package of a type of the purl specification (`apk`, `deb`, `rpm`, `golang`, `npm`, `pypi`, ...).
    pub fn new(kind: &str, namespace: Option<&str>, name: &str) -> Result<Self, PurlError> {
        let failed = |error: packageurl::Error| PurlError { text: format!("{kind}/{name}"), reason: error.to_string() };
        let mut purl = PackageUrl::new(kind, name).map_err(failed)?;
        if let Some(namespace) = namespace {
            purl.with_namespace(namespace).map_err(failed)?;
        }
        Ok(Self(purl.to_string()))
    }

    /// Reads a purl as documents write it: the identity, and the version where it has one. The epoch of an rpm, which is a
    /// qualifier there, stands before its version, as `rpm` and advisories write it.
    pub fn read(text: &str) -> Result<(Self, Option<String>), PurlError> {
        let failed = |error: packageurl::Error| PurlError { text: text.to_owned(), reason: error.to_string() };
        let mut purl = PackageUrl::from_str(text).map_err(failed)?;
        let epoch = purl.qualifiers().get("epoch").filter(|epoch| purl.ty() == "rpm" && *epoch != "0");
        let epoch = epoch.map_or_else(String::new, |epoch| format!("{epoch}:"));
        let version = purl.version().map(|version| epoch + version);
        purl.without_version();
        let stays = |(key, _): &(&Cow<'_, str>, &Cow<'_, str>)| !CHANGING.contains(&key.as_ref());
        let qualifiers = purl.qualifiers().iter().filter(stays);
        let qualifiers: Vec<_> = qualifiers.map(|(key, value)| (key.to_string(), value.to_string())).collect();
        purl.clear_qualifiers();
        for (key, value) in qualifiers {
            purl.add_qualifier(key, value).map_err(failed)?;
        }
        Ok((Self(purl.to_string()), version))
    }

    /// Which release of a distribution a package is of, where its purl says so as scanners write it: `distro=debian-12`. Who has
    /// no releases is known by the name alone.
    pub(crate) fn release(text: &str) -> Option<Release> {
        let purl = PackageUrl::from_str(text).ok()?;
        let rolling = purl.namespace().filter(|id| purl.ty() == "apk" && matches!(*id, "wolfi" | "chainguard"));
        let distro = purl.qualifiers().get("distro").filter(|_| matches!(purl.ty(), "apk" | "deb" | "rpm"));
        let Some(distro) = distro else {
            return rolling.map(|id| Release { id: id.to_owned(), version: None });
        };
        let (id, version) = match distro.rsplit_once('-') {
            Some((id, version)) if version.starts_with(|first: char| first.is_ascii_digit()) => (id, Some(version)),
            _ => (&**distro, None),
        };
        Some(Release { id: id.to_owned(), version: version.map(str::to_owned) })
    }

    /// The purl as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The type: `apk`, `deb`, `golang`.
    pub fn kind(&self) -> &str {
        let rest = self.0.strip_prefix("pkg:").unwrap_or(&self.0);
        rest.split_once('/').map_or(rest, |(kind, _)| kind)
    }

    /// The name that people know the package by, with the namespace where its type needs one (`golang`, `npm`, `maven`).
    pub fn name(&self) -> String {
        let Ok(purl) = PackageUrl::from_str(&self.0) else { return self.0.clone() };
        match (purl.namespace(), purl.ty()) {
            (Some(namespace), "golang" | "npm" | "composer" | "github") => format!("{namespace}/{}", purl.name()),
            (Some(namespace), "maven") => format!("{namespace}:{}", purl.name()),
            _ => purl.name().to_owned(),
        }
    }

    /// The purl of one version of the package; of none where it is not known.
    pub fn at(&self, version: &str) -> String {
        let Ok(mut purl) = PackageUrl::from_str(&self.0) else { return self.0.clone() };
        let (epoch, version) = match version.split_once(':') {
            Some((epoch, version)) if self.kind() == "rpm" => (Some(epoch), version),
            _ => (None, version),
        };
        let epoch = epoch.map(|epoch| purl.add_qualifier("epoch", epoch.to_owned()).map(drop));
        if version.is_empty() || epoch.is_some_and(|added| added.is_err()) {
            return self.0.clone();
        }
        purl.with_version(version).map_or_else(|_| self.0.clone(), |purl| purl.to_string())
    }
}

impl fmt::Display for Purl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for Purl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// One package of an image.
///
/// Every text in it was written by a stranger: hostile wherever it is printed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Package {
    /// What it is.
    pub purl: Purl,
    /// Its version, as its own database or document writes it.
    pub version: String,
    /// What it was built from, by which the advisories of distributions name it: the origin of an apk, the source of a deb or
    /// an rpm. Absent where that is the package itself.
    pub source: Option<Source>,
    /// Its licence, as written: often no SPDX expression.
    pub license: Option<String>,
}

/// The source package that a package was built from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// Its version, where it is not the package's.
    pub version: Option<String>,
}

/// The longest text of a package that is taken: names and versions are short, licence expressions have been seen long.
const TEXT_BYTES: usize = 4096;

/// The package that an entry of a document describes: its purl, and the version and the licence beside it. Nothing where the
/// purl is none, names a whole image, or says no version while nothing else does.
pub(crate) fn from_document(purl: &str, version: Option<String>, license: Option<String>) -> Option<Package> {
    let short = |text: &String| !text.is_empty() && text.len() <= TEXT_BYTES;
    if purl.len() > TEXT_BYTES {
        return None;
    }
    let (identity, own) = Purl::read(purl).ok()?;
    // The image that a list is about stands in many lists.
    if matches!(identity.kind(), "oci" | "docker") {
        return None;
    }
    let version = own.or(version).filter(short)?;
    let source = Source::upstream(purl).filter(|source| source.name != identity.name() || source.version.is_some());
    Some(Package { purl: identity, version, source, license: license.filter(short) })
}

impl Source {
    /// The source that the qualifier `upstream` of a purl names, `NAME` or `NAME@VERSION`; for rpm the name of a file,
    /// `openssl-3.0.7-24.el9.src.rpm`.
    fn upstream(purl: &str) -> Option<Self> {
        let purl = PackageUrl::from_str(purl).ok()?;
        let upstream = purl.qualifiers().get("upstream")?.to_string();
        if let Some(stem) = upstream.strip_suffix(".src.rpm") {
            let (rest, release) = stem.rsplit_once('-')?;
            let (name, version) = rest.rsplit_once('-')?;
            return Some(Self { name: name.to_owned(), version: Some(format!("{version}-{release}")) });
        }
        let (name, version) =
            upstream.split_once('@').map_or((upstream.as_str(), None), |(name, version)| (name, Some(version)));
        (!name.is_empty()).then(|| Self { name: name.to_owned(), version: version.map(ToOwned::to_owned) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purl_without_its_version_is_the_package() {
        let (purl, version) = Purl::read("pkg:apk/wolfi/openssl@3.3.2-r2?arch=x86_64&distro=wolfi-20230201").unwrap();
        assert_eq!((purl.as_str(), version.as_deref()), ("pkg:apk/wolfi/openssl", Some("3.3.2-r2")));
        assert_eq!((purl.kind(), purl.name().as_str()), ("apk", "openssl"));
        assert_eq!(purl.at("3.3.2-r3"), "pkg:apk/wolfi/openssl@3.3.2-r3");
        assert_eq!(purl, Purl::new("apk", Some("wolfi"), "openssl").unwrap());
    }

    #[test]
    fn the_epoch_of_an_rpm_stands_before_its_version() {
        let written = "pkg:rpm/fedora/curl@8.6.0-1.fc40?epoch=1";
        let (purl, version) = Purl::read(written).unwrap();
        assert_eq!((purl.as_str(), version.as_deref()), ("pkg:rpm/fedora/curl", Some("1:8.6.0-1.fc40")));
        assert_eq!(purl.at("1:8.6.0-1.fc40"), written);
        assert_eq!(Purl::read("pkg:rpm/fedora/curl@8.6.0-1.fc40?epoch=0").unwrap().1.as_deref(), Some("8.6.0-1.fc40"));
        assert_eq!(purl.at(""), "pkg:rpm/fedora/curl");
    }

    #[test]
    fn a_qualifier_that_tells_packages_apart_stays() {
        let (purl, _) = Purl::read("pkg:deb/debian/zlib1g@1:1.2.13?arch=amd64&repository_url=example.com").unwrap();
        assert_eq!(purl.as_str(), "pkg:deb/debian/zlib1g?repository_url=example.com");
    }

    #[test]
    fn a_purl_may_say_which_release_its_package_is_of() {
        let release = |text: &str| Purl::release(text).map(|Release { id, version }| (id, version.unwrap_or_default()));
        let of = |id: &str, version: &str| Some((id.to_owned(), version.to_owned()));
        assert_eq!(release("pkg:deb/debian/zlib1g@1:1.2.13?arch=amd64&distro=debian-12"), of("debian", "12"));
        assert_eq!(release("pkg:rpm/opensuse/zlib@1.2?distro=opensuse-leap-15.6"), of("opensuse-leap", "15.6"));
        assert_eq!(release("pkg:apk/wolfi/openssl@3?distro=wolfi"), of("wolfi", ""));
        assert_eq!(release("pkg:apk/wolfi/openssl@3"), of("wolfi", ""));
        assert_eq!(release("pkg:apk/alpine/openssl@3"), None);
        assert_eq!(release("pkg:npm/left-pad@1?distro=debian-12"), None);
        assert_eq!(release("pkg:deb/debian/zlib1g@1"), None);
    }

    #[test]
    fn names_are_the_ones_that_people_use() {
        let name = |text: &str| Purl::read(text).unwrap().0.name();
        assert_eq!(name("pkg:golang/golang.org/x/net@v0.1.0"), "golang.org/x/net");
        assert_eq!(name("pkg:npm/%40types/node@20.0.0"), "@types/node");
        assert_eq!(name("pkg:maven/org.slf4j/slf4j-api@2.0.0"), "org.slf4j:slf4j-api");
    }

    #[test]
    fn an_entry_of_a_document_is_a_package_with_its_source() {
        let read = |purl: &str| from_document(purl, None, None).unwrap();
        let package = read("pkg:deb/debian/libssl3@3.0.9-1?arch=amd64&upstream=openssl%403.0.9&distro=debian-12");
        assert_eq!((package.purl.as_str(), package.version.as_str()), ("pkg:deb/debian/libssl3", "3.0.9-1"));
        let source = package.source.unwrap();
        assert_eq!((source.name.as_str(), source.version.as_deref()), ("openssl", Some("3.0.9")));
        let source =
            read("pkg:rpm/redhat/openssl-libs@3.0.7-24.el9?upstream=openssl-3.0.7-24.el9.src.rpm").source.unwrap();
        assert_eq!((source.name.as_str(), source.version.as_deref()), ("openssl", Some("3.0.7-24.el9")));
        assert_eq!(read("pkg:deb/debian/bash@5.2?upstream=bash").source, None);
        assert_eq!(from_document("pkg:oci/web@sha256%3Aaa", None, None), None);
        assert_eq!(from_document("pkg:apk/alpine/musl", None, None), None);
        assert_eq!(
            from_document("pkg:apk/alpine/musl", Some("1.2.5-r0".to_owned()), None).unwrap().version,
            "1.2.5-r0"
        );
        let endless = Some("x".repeat(TEXT_BYTES + 1));
        assert_eq!(from_document("pkg:apk/alpine/musl@1", None, endless).unwrap().license, None);
    }

    #[test]
    fn a_text_that_is_no_purl_is_refused() {
        for text in ["", "openssl", "pkg:", "pkg:deb", "http://example.com"] {
            assert!(Purl::read(text).is_err(), "{text}");
        }
    }
}
