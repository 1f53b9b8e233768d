//! Package URLs of images (purl-spec, type `oci`).

use imagelock_core::Reference;

/// `pkg:oci/NAME@DIGEST`, with the qualifiers in byte order; nothing for a reference without a digest. `architecture`
/// is for images of one platform.
pub fn purl(image: &Reference, architecture: Option<&str>) -> Option<String> {
    let digest = image.digest.as_ref()?.to_string();
    let mut purl =
        format!("pkg:oci/{}@{}?", encoded(image.repository.last_component(), false), encoded(&digest, false));
    if let Some(architecture) = architecture {
        purl.push_str(&format!("arch={}&", encoded(architecture, false)));
    }
    purl.push_str(&format!("repository_url={}", encoded(&image.repository.to_string(), true)));
    if let Some(tag) = &image.tag {
        purl.push_str(&format!("&tag={}", encoded(tag.as_str(), false)));
    }
    Some(purl)
}

/// Percent-encoding as the purl examples of this type have it: a digest's colon is encoded, a repository's slashes
/// are not.
fn encoded(text: &str, slashes: bool) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'~' => encoded.push(char::from(byte)),
            b'/' if slashes => encoded.push('/'),
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
        encoded
    })
}
