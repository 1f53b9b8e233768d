//! A target of each adapter, for tests that go through all of them.
//!
//! An adapter that is not known here fails those tests: add how it takes every image.

use imagelock_adapter::MemoryTree;
use imagelock_core::Lockfile;

/// A target of an adapter that takes every image of a lock, without the table's head, and the files that it reads.
///
/// # Panics
///
/// For an adapter that is not known here.
pub fn target_of_every_image(adapter: &str, lock: &Lockfile) -> (String, MemoryTree) {
    let tree = MemoryTree::default();
    let images = || lock.images.iter().filter_map(|(name, image)| Some((name, image.repository()?)));
    let lines = |line: &dyn Fn(&str, &str) -> String| -> String {
        images().map(|(name, repository)| line(name.as_str(), &repository.to_string())).collect()
    };
    match adapter {
        "buildkit" => ("output = 'policy.json'".to_owned(), tree),
        "carvel" => ("output = 'images.yml'".to_owned(), tree),
        "compose" => {
            let services = lines(&|name, _| format!("{name:?} = {name:?}, "));
            (format!("output = 'c.yaml'\nservices = {{ {services} }}"), tree)
        }
        "cyclonedx" => ("output = 'bom.json'".to_owned(), tree),
        "dockerfile" => {
            let stages = lines(&|name, repository| format!("# imagelock: {name}\nFROM {repository} AS {name}\n"));
            ("edit = 'Dockerfile'".to_owned(), tree.file("Dockerfile", stages))
        }
        "earthly" => ("output = 'images/Earthfile'".to_owned(), tree),
        "files" => {
            let services =
                lines(&|name, repository| format!("  {name:?}:\n    image: {repository} # imagelock: {name}\n"));
            ("edit = '**'".to_owned(), tree.file("compose.yaml", format!("services:\n{services}")))
        }
        "hauler" => ("output = 'hauler.yaml'".to_owned(), tree),
        "helm" => {
            let values =
                lines(&|name, repository| format!("{name:?}: {{repository: {repository:?}, tag: x, digest: ''}}\n"));
            let mapped = lines(&|name, _| format!("\"{}\" = {name:?}, ", name.replace('.', "\\\\.")));
            let tree = tree
                .file("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n")
                .file("web/values.yaml", values);
            (format!("chart = 'web'\noutput = 'v.yaml'\nvalues = {{ {mapped} }}"), tree)
        }
        "kubernetes" => {
            let pods =
                lines(&|name, repository| format!("  - name: {name:?}\n    image: {repository} # imagelock: {name}\n"));
            let head = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n";
            ("edit = 'p.yaml'".to_owned(), tree.file("p.yaml", format!("{head}{pods}")))
        }
        "kustomize" => ("output = 'kustomization.yaml'".to_owned(), tree),
        "marker" => {
            let pairs = lines(&|name, _| format!("{name:?}: x/y # imagelock: {name}\n"));
            ("edit = 'm.yaml'".to_owned(), tree.file("m.yaml", pairs))
        }
        "terraform" => ("output = 'images.auto.tfvars.json'".to_owned(), tree),
        "zarf" => ("output = 'zarf.yaml'".to_owned(), tree),
        other => panic!("how is what `{other}` writes read? Say it here"),
    }
}
