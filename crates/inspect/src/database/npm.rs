//! npm's packages: the `package.json` at the top of each folder of `node_modules` (package.json(5)).

use std::fmt;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::{Record, Records};
use crate::layers::Reason;

/// The largest `package.json` that is read, in bytes; npm's own registry refuses larger ones.
pub const LARGEST: usize = 1024 * 1024;

/// Reads one package. What has no name or no version is the user's own code, and says nothing.
pub fn read(bytes: &[u8], records: &mut Records) -> Result<(), Reason> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let package = serde_json::Deserializer::from_slice(bytes).deserialize_map(Fields);
    let package = package.map_err(|_| Reason::Format("it is no JSON"))?;
    let (Some(name), Some(version)) = (package.name, package.version) else { return Ok(()) };
    let (namespace, name) = match name.split_once('/') {
        Some((scope, name)) if scope.starts_with('@') => (Some(scope.to_owned()), name.to_owned()),
        _ => (None, name),
    };
    records.push(Record { namespace, license: package.license, ..Record::new("npm", name, version) })
}

#[derive(Default)]
struct Package {
    name: Option<String>,
    version: Option<String>,
    license: Option<String>,
}

/// Keys may come twice: the last counts, as in JavaScript.
struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Package;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Package, A::Error> {
        let mut package = Package::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "name" => package.name = text(map.next_value()?),
                "version" => package.version = text(map.next_value()?),
                // In old packages it is an object with the licence's `type`.
                "license" => {
                    package.license = match map.next_value()? {
                        Value::Object(mut object) => object.remove("type").and_then(text),
                        value => text(value),
                    }
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(package)
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::testing::records;

    fn packages(text: &str) -> Vec<Record> {
        records(read, text)
    }

    #[test]
    fn a_package_has_its_scope_apart() {
        let [types] = packages("\u{FEFF}{\"name\":\"@types/node\",\"version\":\"20.1.0\",\"license\":\"MIT\"}")
            .try_into()
            .unwrap();
        assert_eq!((types.namespace.as_deref(), types.name.as_str()), (Some("@types"), "node"));
        assert_eq!(types.license.as_deref(), Some("MIT"));
        let [old] =
            packages(r#"{"name":"x","name":"a","version":"1","license":{"type":"BSD"},"y":[{}]}"#).try_into().unwrap();
        assert_eq!((old.name.as_str(), old.license.as_deref()), ("a", Some("BSD")));
    }

    #[test]
    fn what_has_no_name_or_version_is_no_package() {
        for text in [
            r#"{"type":"module"}"#,
            r#"{"name":1,"version":"1"}"#,
            r#"{"name":"a","version":""}"#,
            r#"{"name":"@a/","version":"1"}"#,
        ] {
            assert_eq!(packages(text), [], "{text}");
        }
        read(b"[]", &mut Records::with_room(1 << 16)).unwrap_err();
        read("[".repeat(100_000).as_bytes(), &mut Records::with_room(1 << 16)).unwrap_err();
    }
}
