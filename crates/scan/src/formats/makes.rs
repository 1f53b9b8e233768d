//! The names that a text gives to images that it makes: what other files say of those is about no image to pull.

use imagelock_core::{Reference, Repository};
use imagelock_yaml::{Kind, Node};

use super::compose::{Composition, Origin};
use super::hcl_tree;

/// The repositories of the images that a text of a format makes: those that Compose builds, the artifacts of Skaffold, the images
/// of Cloud Build, the tags of bake. A name that a variable decides is left out, and so is a text that cannot be read.
pub fn makes(format: &str, text: &str) -> Vec<Repository> {
    let named: Vec<String> = match format {
        "compose" => composed(text),
        "skaffold" => each(text, &|document, names| {
            document.walk(&mut |node| {
                for artifact in node.get("artifacts").map(items).unwrap_or_default() {
                    names.extend(artifact.get("image").and_then(words));
                }
            });
        }),
        "cloudbuild" => each(text, &|document, names| names.extend(list(document.get("images")))),
        "bake-json" => each(text, &|document, names| tags(document, names)),
        "bake" => {
            let mut names = Vec::new();
            if let Ok(document) = hcl_tree::tree(text) {
                tags(&document, &mut names);
            }
            names
        }
        _ => Vec::new(),
    };
    let reference = |name: &String| name.parse::<Reference>().ok().map(|reference| reference.repository);
    named.iter().filter(|name| !name.contains('$')).filter_map(reference).collect()
}

fn composed(text: &str) -> Vec<String> {
    let Ok(composition) = Composition::read(text) else { return Vec::new() };
    let built = composition.services.values().filter(|service| service.origin == Some(Origin::Built));
    built.filter_map(|service| Some(service.image.as_ref()?.text.clone())).collect()
}

fn each(text: &str, read: &dyn Fn(&Node, &mut Vec<String>)) -> Vec<String> {
    let mut names = Vec::new();
    for document in imagelock_yaml::parse(text).unwrap_or_default() {
        read(&document, &mut names);
    }
    names
}

/// `target.*.tags`
fn tags(document: &Node, names: &mut Vec<String>) {
    for target in document.get("target").map(Node::entries).unwrap_or_default() {
        names.extend(list(target.value.get("tags")));
    }
}

fn list(node: Option<&Node>) -> impl Iterator<Item = String> {
    node.map(items).unwrap_or_default().iter().filter_map(words)
}

fn items(node: &Node) -> &[Node] {
    match &node.kind {
        Kind::Sequence(items) => items,
        _ => &[],
    }
}

fn words(node: &Node) -> Option<String> {
    node.present().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(format: &str, text: &str, expected: &[&str]) {
        let made: Vec<String> = makes(format, text).iter().map(ToString::to_string).collect();
        assert_eq!(made, expected, "{text}");
    }

    #[test]
    fn what_is_made_is_known_by_the_name_that_it_gets() {
        let compose =
            "services:\n  a: {build: ., image: acme/a}\n  b: {image: redis:8}\n  c: {build: ., image: $NAME}\n";
        check("compose", compose, &["docker.io/acme/a"]);
        let skaffold = "apiVersion: skaffold/v4beta11\nkind: Config\nbuild:\n  artifacts:\n  - image: adservice\n    context: ad\n\
                        profiles:\n- build: {artifacts: [{image: \"ghcr.io/acme/debug:dev\"}, {context: x}]}\n";
        check("skaffold", skaffold, &["docker.io/library/adservice", "ghcr.io/acme/debug"]);
        check("cloudbuild", "images: ['gcr.io/acme/web', 'gcr.io/$PROJECT_ID/api']\n", &["gcr.io/acme/web"]);
        let bake = "target \"web\" {\n  tags = [\"ghcr.io/acme/web:1\", \"${HOST}/x\"]\n  contexts = { a = \"docker-image://b\" }\n}\n";
        check("bake", bake, &["ghcr.io/acme/web"]);
        check("bake-json", "{\"target\": {\"web\": {\"tags\": [\"acme/web\"]}}}", &["docker.io/acme/web"]);
    }

    #[test]
    fn what_cannot_be_read_makes_nothing() {
        for format in ["compose", "skaffold", "cloudbuild", "bake", "bake-json", "dockerfile"] {
            for text in ["", "[", "services: 1\n", "images: {a: b}\n", "target \"x\" {", "build: [\n"] {
                check(format, text, &[]);
            }
        }
    }
}
