//! SPDX 2.3 in JSON.

use imagelock_core::digest::Algorithm;
use serde::Serialize;

use super::{Subject, text};
use crate::package::Package;

/// The time of a document about an image that says none: the format wants one.
const NO_TIME: &str = "1970-01-01T00:00:00Z";
const NOTHING: &str = "NOASSERTION";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    spdx_version: &'static str,
    data_license: &'static str,
    #[serde(rename = "SPDXID")]
    id: &'static str,
    name: String,
    document_namespace: String,
    creation_info: Creation,
    comment: String,
    packages: Vec<Described>,
    relationships: Vec<Relationship>,
}

#[derive(Serialize)]
struct Creation {
    created: String,
    creators: [&'static str; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    #[serde(rename = "SPDXID")]
    id: String,
    name: String,
    version_info: String,
    download_location: &'static str,
    files_analyzed: bool,
    copyright_text: &'static str,
    license_concluded: &'static str,
    license_declared: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    license_comments: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_package_purpose: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checksums: Vec<Checksum>,
    external_refs: [ExternalReference; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checksum {
    algorithm: &'static str,
    checksum_value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExternalReference {
    reference_category: &'static str,
    reference_type: &'static str,
    reference_locator: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Relationship {
    spdx_element_id: &'static str,
    relationship_type: &'static str,
    related_spdx_element: String,
}

const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const IMAGE: &str = "SPDXRef-image";

/// Writes a bill of materials.
pub fn spdx(subject: &Subject<'_>, packages: &[Package]) -> String {
    let algorithm = match subject.manifest.algorithm() {
        Algorithm::Sha256 => "SHA256",
        Algorithm::Sha512 => "SHA512",
    };
    let image = Described {
        primary_package_purpose: Some("CONTAINER"),
        checksums: vec![Checksum { algorithm, checksum_value: subject.manifest.hex().to_owned() }],
        ..described(IMAGE.to_owned(), subject.name.to_owned(), subject.version.to_owned(), subject.purl.to_owned())
    };
    let contained = packages.iter().enumerate().map(|(number, package)| {
        let id = format!("SPDXRef-package-{}", number + 1);
        let purl = package.purl.at(&package.version);
        Described {
            // What databases write is seldom an expression of SPDX's, and nothing else may stand in its place.
            license_comments: package.license.clone(),
            ..described(id, package.purl.name(), package.version.clone(), purl)
        }
    });
    let all: Vec<Described> = std::iter::once(image).chain(contained).collect();
    let describes = Relationship {
        spdx_element_id: DOCUMENT,
        relationship_type: "DESCRIBES",
        related_spdx_element: IMAGE.to_owned(),
    };
    let contains = all.iter().skip(1).map(|package| Relationship {
        spdx_element_id: IMAGE,
        relationship_type: "CONTAINS",
        related_spdx_element: package.id.clone(),
    });
    let relationships = std::iter::once(describes).chain(contains).collect();
    let digits = subject.manifest.hex();
    text(&Document {
        spdx_version: "SPDX-2.3",
        data_license: "CC0-1.0",
        id: DOCUMENT,
        name: format!("{}:{} {}", subject.name, subject.version, subject.platform),
        document_namespace: format!("https://spdx.org/spdxdocs/imagelock-{digits}"),
        creation_info: Creation {
            created: subject.created.map_or_else(|| NO_TIME.to_owned(), ToString::to_string),
            creators: ["Tool: imagelock"],
        },
        comment: subject.words(),
        packages: all,
        relationships,
    })
}

fn described(id: String, name: String, version_info: String, purl: String) -> Described {
    Described {
        id,
        name,
        version_info,
        download_location: NOTHING,
        files_analyzed: false,
        copyright_text: NOTHING,
        license_concluded: NOTHING,
        license_declared: NOTHING,
        license_comments: None,
        primary_package_purpose: None,
        checksums: Vec::new(),
        external_refs: [ExternalReference {
            reference_category: "PACKAGE-MANAGER",
            reference_type: "purl",
            reference_locator: purl,
        }],
    }
}
