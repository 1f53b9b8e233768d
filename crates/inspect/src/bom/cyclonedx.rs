//! CycloneDX 1.6 in JSON (ECMA-424).

use imagelock_core::Digest;
use serde::Serialize;

use super::{Subject, text};
use crate::package::Package;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bom {
    #[serde(rename = "$schema")]
    schema: &'static str,
    bom_format: &'static str,
    spec_version: &'static str,
    serial_number: String,
    version: u32,
    metadata: Metadata,
    components: Vec<Component>,
}

#[derive(Serialize)]
struct Metadata {
    tools: Tools,
    component: Component,
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Tools {
    components: [Tool; 1],
}

#[derive(Serialize)]
struct Tool {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'static str,
}

#[derive(Serialize)]
struct Component {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "bom-ref")]
    bom_ref: String,
    name: String,
    version: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<License>,
    purl: String,
}

#[derive(Serialize)]
struct Hash {
    alg: &'static str,
    content: String,
}

#[derive(Serialize)]
struct License {
    license: LicenseName,
}

/// What databases write is seldom an expression of SPDX's; as a name any text is right.
#[derive(Serialize)]
struct LicenseName {
    name: String,
}

#[derive(Serialize)]
struct Property {
    name: &'static str,
    value: String,
}

/// Writes a bill of materials.
pub fn cyclonedx(subject: &Subject<'_>, packages: &[Package]) -> String {
    let components: Vec<Component> = packages.iter().map(component).collect();
    let purl = subject.purl.to_owned();
    let image = Component {
        kind: "container",
        bom_ref: purl.clone(),
        name: subject.name.to_owned(),
        version: subject.version.to_owned(),
        hashes: vec![Hash { alg: subject.manifest.algorithm().function(), content: subject.manifest.hex().to_owned() }],
        licenses: Vec::new(),
        purl,
    };
    let platform = Property { name: "imagelock:platform", value: subject.platform.to_string() };
    let by = Property { name: "imagelock:source", value: subject.words() };
    // Other content has another serial number.
    let content = Digest::sha256(&serde_json::to_vec(&(&image, &components)).unwrap_or_default());
    text(&Bom {
        schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
        bom_format: "CycloneDX",
        spec_version: "1.6",
        serial_number: format!("urn:uuid:{}", content.uuid()),
        version: 1,
        metadata: Metadata {
            tools: Tools { components: [Tool { kind: "application", name: "imagelock" }] },
            component: image,
            properties: vec![platform, by],
        },
        components,
    })
}

fn component(package: &Package) -> Component {
    let purl = package.purl.at(&package.version);
    let license = |name: &String| License { license: LicenseName { name: name.clone() } };
    Component {
        kind: "library",
        bom_ref: purl.clone(),
        name: package.purl.name(),
        version: package.version.clone(),
        hashes: Vec::new(),
        licenses: package.license.iter().map(license).collect(),
        purl,
    }
}
