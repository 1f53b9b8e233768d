//! What the adapter writes, and what an independent parser reads in it.

mod editing;
mod generating;
mod properties;

use imagelock_adapter::{Adapter, Context, MemoryTree, Output, RenderError, Rewrites, Templates};
use imagelock_core::project::{Project, Source};
use imagelock_core::source::{Located, SourceFile};
use imagelock_core::{Digest, Lockfile};

use crate::Earthly;

fn digest(content: &str) -> Digest {
    Digest::sha256(content.as_bytes())
}

/// A lock: name, reference, what its digest is made of, and further fields.
fn lock(images: &[(&str, &str, &str, &str)]) -> Lockfile {
    let images: Vec<String> = images.iter().map(|image| locked(*image)).collect();
    let text = format!("{{\"images\": {{{}}}, \"version\": 1}}", images.join(", "));
    Lockfile::parse(&SourceFile::new("images.lock", text)).unwrap()
}

fn locked((name, reference, content, fields): (&str, &str, &str, &str)) -> String {
    let reference: imagelock_core::Reference = reference.parse().unwrap();
    let (repository, manifest, digest) =
        (&reference.repository, digest(&format!("{content} of amd64")), digest(content));
    let (request, tag) = match &reference.tag {
        Some(tag) => (format!("\"tag\": \"{tag}\""), format!("\"tag\": \"{tag}\",")),
        None => (format!("\"digest\": \"{digest}\""), String::new()),
    };
    format!(
        "\"{name}\": {{\"digest\": \"{digest}\", \"mediaType\": \"application/vnd.oci.image.index.v1+json\", \
         \"platforms\": {{\"linux/amd64\": {{\"config\": \"{digest}\", \"digest\": \"{manifest}\", \
         \"mediaType\": \"application/vnd.oci.image.manifest.v1+json\", \"size\": 1}}}}, \"registry\": \"{}\", \"repository\": \"{}\", \
         \"request\": {{\"repository\": \"{repository}\", {request}}}, {tag} {fields} \"size\": 1}}",
        repository.host(),
        repository.path(),
    )
}

fn render_with(
    table: &str,
    lock: &Lockfile,
    tree: &MemoryTree,
    rewrites: &Rewrites,
) -> Result<Vec<Output>, RenderError> {
    let source = Source::ImagesToml(SourceFile::new("images.toml", format!("[[earthly]]\n{table}")));
    let project = Project::parse(&[source], &["earthly"]).unwrap();
    let templates = Templates::default();
    let context = Context { lock, tree, templates: &templates, rewrites, built: &project.built };
    Earthly.read(&project.targets[0]).unwrap().render(&context)
}

fn render(table: &str, lock: &Lockfile) -> Result<Vec<Output>, RenderError> {
    render_with(table, lock, &MemoryTree::default(), &Rewrites::default())
}

fn mistakes(table: &str) -> Vec<String> {
    let source = Source::ImagesToml(SourceFile::new("images.toml", format!("[[earthly]]\n{table}")));
    let project = Project::parse(&[source], &["earthly"]).unwrap();
    let errors = Earthly.read(&project.targets[0]).err().unwrap();
    errors.iter().map(|error| format!("{}: {error}", error.labels()[0].at)).collect()
}

/// Reads an Earthfile with a parser that is not ours: each target with what it is from.
fn targets(text: &str) -> Vec<(String, String)> {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_earthfile::language()).unwrap();
    let tree = parser.parse(text, None).unwrap();
    assert!(!tree.root_node().has_error(), "{}\n{text}", tree.root_node().to_sexp());
    let mut found = Vec::new();
    let mut cursor = tree.root_node().walk();
    for target in tree.root_node().children(&mut cursor).filter(|node| node.kind() == "target") {
        let name = target.child_by_field_name("name").unwrap();
        let of = |node: tree_sitter::Node<'_>| node.utf8_text(text.as_bytes()).unwrap().to_owned();
        let (mut inner, mut queue) = (Vec::new(), vec![target]);
        while let Some(node) = queue.pop() {
            let mut cursor = node.walk();
            if node.kind() == "from_command" {
                let argument =
                    node.named_children(&mut cursor).find(|node| ["image_spec", "string"].contains(&node.kind()));
                inner.push(of(argument.unwrap()));
                continue;
            }
            queue.extend(node.children(&mut cursor));
        }
        assert_eq!(inner.len(), 1, "{}", target.to_sexp());
        found.push((of(name), inner.remove(0)));
    }
    found
}
