//! Real OpenTofu and Terraform, offline: the module, the variable file, and pins in place.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use camino::Utf8Path;
use imagelock_testkit::{Image, Registry};
use imagelock_tests::Monorepo;
use serde_json::Value;

/// Text that HCL, YAML, JSON, a shell and a terminal have ideas of.
const HOSTILE: &str =
    "${file(\"/etc/passwd\")} %{ if true }x%{ endif } $${y} {{ .Values.z }} \"q\" \\ # */ \u{202e}gnp";

fn module() -> camino::Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../integrations/terraform/module").canonicalize_utf8().unwrap()
}

/// A repository with a lock of two images, one of them described by somebody who means harm.
fn stage(images_toml: &str) -> (Registry, Monorepo) {
    let registry = Registry::start().unwrap();
    registry.push("acme/web:1", &Image::linux(["amd64", "arm64"]).label("org.opencontainers.image.version", HOSTILE));
    registry.push("acme/db:16", &Image::linux(["amd64"]).seed("db"));
    let host = registry.host();
    let toml = format!("[images]\nweb = \"{host}/acme/web:1\"\ndb = \"{host}/acme/db:16\"\n\n{images_toml}");
    // Neither tool shall ask its makers whether there is a newer one.
    let repo = Monorepo::builder().file("images.toml", toml).env("CHECKPOINT_DISABLE", "1").build();
    repo.imagelock(["lock"]).success();
    (registry, repo)
}

fn module_call(arguments: &str) -> String {
    let module = module();
    format!(
        "module \"images\" {{\n  source    = \"{module}\"\n  lock_file = \"${{path.module}}/../images.lock\"\n{arguments}}}\n\
         output \"refs\" {{ value = module.images.refs }}\noutput \"tagged\" {{ value = module.images.tagged }}\n\
         output \"images\" {{ value = module.images.images }}\n"
    )
}

/// Initialises `infra/`, validates it, plans it, and returns the outputs that the plan has.
fn planned(program: &Utf8Path, repo: &Monorepo) -> Value {
    for arguments in
        [&["-chdir=infra", "init", "-no-color", "-backend=false"][..], &["-chdir=infra", "validate", "-no-color"]]
    {
        repo.run(program, arguments).success();
    }
    repo.run(program, ["-chdir=infra", "plan", "-no-color", "-input=false", "-out=plan"]).success();
    let shown = repo.run(program, ["-chdir=infra", "show", "-no-color", "-json", "plan"]).success();
    let plan: Value = serde_json::from_str(&shown.stdout).unwrap();
    let outputs = plan["planned_values"]["outputs"].as_object().unwrap();
    outputs.iter().map(|(name, output)| (name.clone(), output["value"].clone())).collect()
}

fn pin(registry: &Registry, repository: &str, tag: &str, tagged: bool) -> String {
    let digest = registry.digest_of(repository, tag).unwrap();
    let tag = if tagged { format!(":{tag}") } else { String::new() };
    format!("{}/{repository}{tag}@{digest}", registry.host())
}

fn the_modules_own_tests_pass(program: &Utf8Path) {
    let repo = Monorepo::builder().env("CHECKPOINT_DISABLE", "1").build();
    let copied =
        std::process::Command::new("cp").args(["-r", module().as_str(), repo.path("module").as_str()]).status();
    assert!(copied.unwrap().success());
    for arguments in
        [&["init", "-no-color", "-backend=false"][..], &["validate", "-no-color"], &["fmt", "-check", "-recursive"]]
    {
        let arguments = std::iter::once("-chdir=module").chain(arguments.iter().copied());
        repo.run(program, arguments).success();
    }
    let tested = repo.run(program, ["-chdir=module", "test", "-no-color"]).success();
    assert!(tested.stdout.contains("0 failed") && !tested.stdout.contains("0 passed"), "{}", tested.stdout);
}

fn a_plan_has_what_the_lock_says_and_evaluates_none_of_it(program: &Utf8Path) {
    let (registry, repo) = stage("");
    repo.write("infra/main.tf", module_call(""));
    let outputs = planned(program, &repo);
    for (output, tagged) in [("refs", false), ("tagged", true)] {
        assert_eq!(outputs[output]["web"], pin(&registry, "acme/web", "1", tagged));
        assert_eq!(outputs[output]["db"], pin(&registry, "acme/db", "16", tagged));
    }
    assert_eq!(outputs["images"]["web"]["version"], HOSTILE);
    assert_eq!(outputs["images"]["web"]["tag"], "1");
}

fn what_is_missing_is_named_with_the_command_that_mends_it(program: &Utf8Path) {
    let (_registry, repo) = stage("");
    for (arguments, says) in [
        ("  only = [\"web\", \"redis\", \"nginx\"]\n", &["\"nginx\", \"redis\"", "imagelock add"][..]),
        ("  platform = \"linux/arm64\"\n", &["linux/arm64", "\"db\" (has linux/amd64)", "imagelock lock"]),
    ] {
        repo.write("infra/main.tf", module_call(arguments));
        repo.run(program, ["-chdir=infra", "init", "-no-color", "-backend=false"]).success();
        let refused = repo.run(program, ["-chdir=infra", "plan", "-no-color", "-input=false"]).exit(1);
        // Messages are wrapped to the terminal.
        let said = refused.stderr.replace(['\n', '│'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(says.iter().all(|text| said.contains(text)), "{}", refused.stderr);
    }
    let lock = repo.read("images.lock").replace("\"version\": 1\n}", "\"version\": 3\n}");
    repo.write("images.lock", lock);
    repo.write("infra/main.tf", module_call(""));
    let refused = repo.run(program, ["-chdir=infra", "plan", "-no-color", "-input=false"]).exit(1);
    assert!(refused.stderr.contains("version 3"), "{}", refused.stderr);
}

fn a_variable_file_carries_the_references_to_runs_without_the_lock(program: &Utf8Path) {
    let (registry, repo) = stage("[[terraform]]\noutput = \"infra/images.auto.tfvars.json\"\nrefs = \"tagged\"\n");
    repo.imagelock(["render"]).success();
    repo.write("infra/main.tf", "variable \"images\" { type = map(string) }\noutput \"refs\" { value = var.images }\n");
    std::fs::remove_file(repo.path("images.lock")).unwrap();
    let outputs = planned(program, &repo);
    assert_eq!(outputs["refs"]["web"], pin(&registry, "acme/web", "1", true));
    assert_eq!(outputs["refs"].as_object().unwrap().len(), 2);
}

fn a_literal_is_pinned_where_it_stands(program: &Utf8Path) {
    let (registry, repo) = stage("[[terraform]]\nedit = \"infra/*.tf\"\nrefs = \"tagged\"\n");
    let before = "# Kept as it is.\r\nlocals {\r\n  web = \"web:0\"   # imagelock: web\r\n  tag = \"x\" // imagelock: db:tag\r\n  odd = \"$${x} # imagelock: db\"\r\n}\r\noutput \"web\" { value = local.web }\r\noutput \"tag\" { value = local.tag }\r\noutput \"odd\" { value = local.odd }\r\n";
    repo.write("infra/main.tf", before);
    repo.imagelock(["render"]).success();
    let web = pin(&registry, "acme/web", "1", true);
    let after = before.replace("\"web:0\"", &format!("\"{web}\"")).replace("\"x\" //", "\"16\" //");
    assert_eq!(repo.read("infra/main.tf"), after);
    let outputs = planned(program, &repo);
    assert_eq!((&outputs["web"], &outputs["tag"]), (&Value::from(web), &Value::from("16")));
    assert_eq!(outputs["odd"], "${x} # imagelock: db");
    repo.imagelock(["render", "--check"]).success();
}

/// The same for both programs: they share a language and not a parser's every corner.
macro_rules! both {
    ($($name:ident),+ $(,)?) => {
        mod tofu {
            $(#[test] fn $name() { super::$name(&imagelock_tests::need!("tofu")); })+
        }
        mod terraform {
            $(#[test] fn $name() { super::$name(&imagelock_tests::need!("terraform")); })+
        }
    };
}

both!(
    the_modules_own_tests_pass,
    a_plan_has_what_the_lock_says_and_evaluates_none_of_it,
    what_is_missing_is_named_with_the_command_that_mends_it,
    a_variable_file_carries_the_references_to_runs_without_the_lock,
    a_literal_is_pinned_where_it_stands,
);
