//! Whether `values.schema.json` takes a value at a path.
//!
//! This is no validator: it follows the path and looks at what most schemas say about it, so that a refusal can name
//! the line of the project file. Helm validates the whole.

use std::cell::Cell;

use regex::Regex;
use serde_json::Value as Json;

use imagelock_yaml::Step;
use imagelock_yaml::Value;

/// References of references end here.
const DEEPEST: usize = 32;

/// As many parts of a schema are looked at: references may lead around in a circle, in several ways at once.
const MOST: usize = 4096;

/// Why a schema refuses `value` at `path`; nothing where it takes it, or where it does not tell.
pub(crate) fn refusal(schema: &Json, path: &[Step], value: &Value) -> Option<String> {
    Walker { root: schema, deep: 0, left: &Cell::new(MOST) }.refusal(schema, path, value)
}

/// Whether a schema names the last key of `path` at its place, through references and in any of its alternatives.
pub(crate) fn names(schema: &Json, path: &[Step]) -> bool {
    Walker { root: schema, deep: 0, left: &Cell::new(MOST) }.names(schema, path)
}

#[derive(Clone, Copy)]
struct Walker<'s> {
    root: &'s Json,
    deep: usize,
    left: &'s Cell<usize>,
}

impl<'s> Walker<'s> {
    /// Goes one step deeper, into one of the parts that may still be looked at.
    fn step(self) -> Option<Self> {
        self.left.set(self.left.get().checked_sub(1)?);
        (self.deep < DEEPEST).then_some(Self { deep: self.deep + 1, ..self })
    }

    fn names(self, schema: &'s Json, path: &[Step]) -> bool {
        let Some(walker) = self.step() else { return false };
        walker.names_here(schema, path)
    }

    fn names_here(self, schema: &'s Json, path: &[Step]) -> bool {
        if let Some(reference) = schema.get("$ref").and_then(Json::as_str) {
            let target = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            return target.is_some_and(|target| self.names(target, path));
        }
        let parts = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|key| schema.get(key).and_then(Json::as_array));
        if parts.flatten().any(|part| self.names(part, path)) {
            return true;
        }
        match path.split_first() {
            None => true,
            Some((Step::Index(_), rest)) => schema.get("items").is_some_and(|items| self.names(items, rest)),
            Some((Step::Key(key), rest)) => {
                let below = schema.get("properties").and_then(|properties| properties.get(key));
                below.is_some_and(|below| self.names(below, rest))
            }
        }
    }

    fn refusal(self, schema: &'s Json, path: &[Step], value: &Value) -> Option<String> {
        if *schema == Json::Bool(false) {
            return Some("the schema takes nothing there".to_owned());
        }
        self.step()?.refusal_here(schema, path, value)
    }

    fn refusal_here(self, schema: &'s Json, path: &[Step], value: &Value) -> Option<String> {
        if let Some(reference) = schema.get("$ref").and_then(Json::as_str) {
            let target = self.root.pointer(reference.strip_prefix('#')?)?;
            return self.refusal(target, path, value);
        }
        let mut all = schema.get("allOf").and_then(Json::as_array).into_iter().flatten();
        if let Some(refusal) = all.find_map(|part| self.refusal(part, path, value)) {
            return Some(refusal);
        }
        for key in ["anyOf", "oneOf"] {
            let Some(parts) = schema.get(key).and_then(Json::as_array) else { continue };
            let mut refusals = parts.iter().map(|part| self.refusal(part, path, value));
            let first = refusals.next().flatten();
            if first.is_some() && refusals.all(|refusal| refusal.is_some()) {
                return first;
            }
        }
        match path.split_first() {
            None => leaf(schema, value),
            Some((Step::Index(_), rest)) => self.refusal(schema.get("items")?, rest, value),
            Some((Step::Key(key), rest)) => {
                if let Some(below) = schema.get("properties").and_then(|properties| properties.get(key)) {
                    return self.refusal(below, rest, value);
                }
                let patterns = schema.get("patternProperties").and_then(Json::as_object).into_iter().flatten();
                for (pattern, below) in patterns {
                    if Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(key)) {
                        return self.refusal(below, rest, value);
                    }
                }
                match schema.get("additionalProperties") {
                    Some(Json::Bool(false)) => Some(format!("the schema knows no key `{key}` there")),
                    Some(below @ Json::Object(_)) => self.refusal(below, rest, value),
                    _ => None,
                }
            }
        }
    }
}

fn leaf(schema: &Json, value: &Value) -> Option<String> {
    let Value::Text { text, typed } = value else { return None };
    let is = if *typed { "boolean" } else { "string" };
    let types: Vec<&str> = match schema.get("type") {
        Some(Json::String(one)) => vec![one],
        Some(Json::Array(many)) => many.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    };
    if !types.is_empty() && !types.contains(&is) {
        return Some(format!("the schema wants a value of type {} there, not {is}", types.join(" or ")));
    }
    if *typed {
        return None;
    }
    if let Some(pattern) = schema.get("pattern").and_then(Json::as_str)
        && Regex::new(pattern).is_ok_and(|regex| !regex.is_match(text))
    {
        return Some(format!("`{text}` does not fit the schema's pattern `{pattern}`"));
    }
    if let Some(most) = schema.get("maxLength").and_then(Json::as_u64)
        && text.chars().count() as u64 > most
    {
        return Some(format!("`{text}` is longer than the {most} characters that the schema takes"));
    }
    let allowed = schema.get("enum").and_then(Json::as_array);
    let allowed = allowed.map_or_else(|| schema.get("const").map(std::slice::from_ref), |all| Some(all.as_slice()));
    if allowed.is_some_and(|allowed| !allowed.iter().any(|one| one.as_str() == Some(text))) {
        return Some(format!("`{text}` is none of the values that the schema takes"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use imagelock_yaml::ValuePath;

    fn check(schema: &str, path: &str, value: &str) -> Option<String> {
        let path: ValuePath = path.parse().unwrap();
        refusal(&serde_json::from_str(schema).unwrap(), path.steps(), &Value::text(value))
    }

    #[test]
    fn a_strict_schema_refuses_keys_that_it_does_not_know() {
        let schema = r##"{"properties": {"image": {"$ref": "#/$defs/image"}}, "$defs": {"image": {
            "additionalProperties": false, "properties": {"tag": {"type": ["string", "null"]}}}}}"##;
        assert_eq!(check(schema, "image.tag", "1"), None);
        assert_eq!(check(schema, "image.digest", "1"), Some("the schema knows no key `digest` there".to_owned()));
        assert_eq!(check(schema, "other.digest", "1"), None);
    }

    #[test]
    fn patterns_types_and_lengths_are_looked_at() {
        let schema = r#"{"properties": {"d": {"pattern": "^sha256:[a-f0-9]{4}$"}, "n": {"type": "integer"},
            "l": {"maxLength": 3}, "e": {"enum": ["a"]}, "any": {"anyOf": [{"maxLength": 1}, {"maxLength": 2}]},
            "list": {"items": {"properties": {"image": false}}}}}"#;
        assert_eq!(check(schema, "d", "sha256:00ff"), None);
        for (path, value) in
            [("d", "00ff"), ("n", "1"), ("l", "abcd"), ("e", "b"), ("any", "abc"), ("list[0].image", "x")]
        {
            assert!(check(schema, path, value).is_some(), "{path}");
        }
        assert_eq!(check(schema, "any", "ab"), None);
    }

    #[test]
    fn what_stands_for_all_other_keys_judges_them() {
        let schema = r#"{"properties": {"a": {}}, "patternProperties": {"^b": {"type": "integer"}},
            "additionalProperties": {"type": ["integer", "null"]}}"#;
        assert_eq!(check(schema, "a", "x"), None);
        let wants = |types: &str| Some(format!("the schema wants a value of type {types} there, not string"));
        assert_eq!(check(schema, "bc", "x"), wants("integer"));
        assert_eq!(check(schema, "c", "x"), wants("integer or null"));
        assert_eq!(check(r#"{"type": ["null", "string"]}"#, "a", "x"), None);
        let flag = |schema: &str| refusal(&serde_json::from_str(schema).unwrap(), &[], &Value::flag(true));
        assert_eq!(flag(r#"{"type": "boolean", "pattern": "^x$", "maxLength": 1, "enum": ["x"]}"#), None);
        assert_eq!(
            flag(r#"{"type": "string"}"#).as_deref(),
            Some("the schema wants a value of type string there, not boolean")
        );
        assert!(check(r#"{"properties": {"a": {"const": "y"}}}"#, "a", "x").is_some());
        assert_eq!(check(r#"{"properties": {"a": {"const": "x"}}}"#, "a", "x"), None);
    }

    #[test]
    fn references_are_followed_as_deep_as_is_allowed() {
        let chain = |links: usize| {
            let defs = (0..links).map(|link| format!(r##""d{link}": {{"$ref": "#/$defs/d{}"}}"##, link + 1));
            let defs = defs.chain([format!(r#""d{links}": {{"type": "integer"}}"#)]).collect::<Vec<_>>().join(", ");
            format!(r##"{{"$ref": "#/$defs/d0", "$defs": {{{defs}}}}}"##)
        };
        let steps = |schema: &str| refusal(&serde_json::from_str(schema).unwrap(), &[], &Value::text("x"));
        assert!(steps(&chain(DEEPEST - 2)).is_some());
        assert_eq!(steps(&chain(DEEPEST - 1)), None, "what is deeper is not told");
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        assert_eq!(check(r##"{"$ref": "#"}"##, "a", "b"), None);
        let both = r##"{"allOf": [{"$ref": "#"}, {"$ref": "#"}], "anyOf": [{"$ref": "#"}, {"$ref": "#"}]}"##;
        assert_eq!(check(both, "a", "b"), None);
        assert!(!names(&serde_json::from_str(both).unwrap(), "a".parse::<ValuePath>().unwrap().steps()));
    }
}
