//! The document.

use imagelock_adapter::{PLACEHOLDER, Pinned, purl};
use imagelock_core::Digest;
use serde::Serialize;

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
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Tools {
    components: Vec<Tool>,
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
    hashes: Vec<Hash>,
    purl: String,
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Hash {
    alg: &'static str,
    content: String,
}

#[derive(Serialize)]
struct Property {
    name: String,
    value: String,
}

/// The text of the document.
pub(crate) fn text(images: &[Pinned<'_>]) -> String {
    let components: Vec<Component> = images.iter().map(component).collect();
    let content = Digest::sha256(&serde_json::to_vec(&components).unwrap_or_default());
    let bom = Bom {
        schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
        bom_format: "CycloneDX",
        spec_version: "1.6",
        // Other content has another serial number.
        serial_number: format!("urn:uuid:{}", content.uuid()),
        version: 1,
        metadata: Metadata {
            tools: Tools { components: vec![Tool { kind: "application", name: "imagelock" }] },
            // JSON has no comments: a property near the head says whose file it is, and carries the seal.
            properties: vec![
                property("imagelock:generated", "from images.lock; do not edit"),
                property("imagelock:seal", PLACEHOLDER),
            ],
        },
        components,
    };
    // Structures of text and numbers always have a JSON form.
    let mut text = ascii(serde_json::to_string_pretty(&bom).unwrap_or_default());
    text.push('\n');
    text
}

fn component(image: &Pinned<'_>) -> Component {
    let locked = image.image;
    let digest = image.digest();
    let mut properties = vec![property("imagelock:name", image.name.as_str())];
    let created = locked.created.as_ref().map(ToString::to_string);
    let said = [
        ("created", created.as_deref()),
        ("revision", locked.revision.as_deref()),
        ("source", locked.source.as_deref()),
        ("version", locked.version.as_deref()),
    ];
    let said = said.into_iter().filter_map(|(key, value)| Some((key, value?)));
    properties.extend(said.map(|(key, value)| property(&format!("org.opencontainers.image.{key}"), value)));
    for (platform, manifest) in &locked.platforms {
        properties.push(property(&format!("imagelock:platform:{platform}"), &manifest.digest.to_string()));
    }
    Component {
        kind: "container",
        // Two names of one image are two components, whose references have to differ.
        bom_ref: image.name.to_string(),
        name: image.repository.to_string(),
        version: image.tag().map_or_else(|| digest.to_string(), ToString::to_string),
        hashes: vec![Hash { alg: digest.algorithm().function(), content: digest.hex().to_owned() }],
        purl: purl(&image.tagged(), architecture(image).as_deref()).unwrap_or_default(),
        properties,
    }
}

/// The architecture of an image with one platform.
fn architecture(image: &Pinned<'_>) -> Option<String> {
    let mut platforms = image.image.platforms.keys();
    match (platforms.next(), platforms.next()) {
        (Some(only), None) => only.to_string().split('/').nth(1).map(str::to_owned),
        _ => None,
    }
}

fn property(name: &str, value: &str) -> Property {
    Property { name: name.to_owned(), value: value.to_owned() }
}

/// Publishers' text may hold characters that change how the text around them looks. In JSON they stand in strings
/// alone, where escapes mean the same.
fn ascii(json: String) -> String {
    if json.bytes().all(|byte| byte < 0x7f) {
        return json;
    }
    json.chars().fold(String::with_capacity(json.len()), |mut ascii, character| {
        if character.is_ascii() && character != '\u{7f}' {
            ascii.push(character);
        } else {
            ascii.extend(character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
        ascii
    })
}
