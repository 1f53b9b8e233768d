//! Runs the module's own `.bzl` files, with stand-ins for what Bazel adds to the language.

#![allow(clippy::unnecessary_wraps, reason = "a macro of the interpreter wraps what cannot fail")]

use std::{
    cell::RefCell,
    collections::BTreeMap,
    path::Path,
    sync::{LazyLock, Mutex, PoisonError},
};

use starlark::{
    PrintHandler,
    environment::{FrozenModule, Globals, GlobalsBuilder, LibraryExtension, Module},
    eval::{Evaluator, FileLoader},
    starlark_module,
    syntax::{AstModule, Dialect},
};

/// What Bazel's `json.decode` can tell with `default`, and this interpreter's cannot.
#[starlark_module]
fn json_of_bazel(builder: &mut GlobalsBuilder) {
    fn is_json(text: &str) -> starlark::Result<bool> {
        Ok(serde_json::from_str::<serde_json::Value>(text).is_ok())
    }
}

/// The interpreter's own `json`, whose name the prelude takes.
const OWN_JSON: &str = "own_json = json\n";

/// Keeps what a script prints, which is how it hands something back.
#[derive(Default)]
struct Emitted(RefCell<Vec<String>>);

impl PrintHandler for Emitted {
    fn println(&self, text: &str) -> starlark::Result<()> {
        self.0.borrow_mut().push(text.to_owned());
        Ok(())
    }
}

/// Stand-ins that keep nothing but what the tests look at.
const PRELUDE: &str = r#"
def emit(text):
    print(text)

def _decode(text, **kwargs):
    if "default" in kwargs and not is_json(text):
        return kwargs["default"]
    return own_json.decode(text)

json = struct(decode = _decode, encode = own_json.encode)

def _attribute(**_kwargs):
    return None

attr = struct(
    bool = _attribute,
    int = _attribute,
    label = _attribute,
    label_list = _attribute,
    string = _attribute,
    string_dict = _attribute,
    string_list = _attribute,
    string_list_dict = _attribute,
)

def repository_rule(implementation, attrs, doc):
    return lambda **kwargs: emit(json.encode({
        key: value if type(value) != "struct" else "label"
        for key, value in kwargs.items()
    }))

def rule(implementation, attrs, doc):
    return lambda **kwargs: emit(json.encode(kwargs))

def module_extension(implementation, tag_classes, doc):
    return implementation

def tag_class(attrs, doc):
    return attrs

def select(branches, no_match_error):
    return {"select": branches, "no_match_error": no_match_error}

native = struct(alias = lambda **kwargs: emit(json.encode(kwargs)))
"#;

/// What no script changes: it is made once, since most of a script's time would go into it.
struct Shared {
    globals: Globals,
    prelude: FrozenModule,
    /// The module's own files, by their paths.
    loaded: Mutex<BTreeMap<String, FrozenModule>>,
}

static SHARED: LazyLock<Shared> = LazyLock::new(|| {
    let extensions = [LibraryExtension::StructType, LibraryExtension::Json, LibraryExtension::Print];
    let globals = GlobalsBuilder::extended_by(&extensions).with(json_of_bazel).build();
    let evaluated = |path: &str, text: &str, before: Option<&FrozenModule>| {
        Module::with_temp_heap(|module| {
            if let Some(before) = before {
                module.import_public_symbols(before);
            }
            {
                let ast = AstModule::parse(path, text.to_owned(), &Dialect::Extended)?;
                Evaluator::new(&module).eval_module(ast, &globals)?;
            }
            Ok::<_, starlark::Error>(module.freeze()?)
        })
    };
    let own_json = evaluated("own_json", OWN_JSON, None).expect("the interpreter has a json");
    let prelude = evaluated("prelude", PRELUDE, Some(&own_json)).expect("the prelude is right");
    Shared { globals, prelude, loaded: Mutex::default() }
});

struct Files<'a> {
    emitted: &'a Emitted,
    virtual_files: &'a BTreeMap<String, String>,
}

impl FileLoader for Files<'_> {
    fn load(&self, label: &str) -> starlark::Result<FrozenModule> {
        // Files of `private` name each other by `:file.bzl`.
        let path = label.trim_start_matches("@imagelock").trim_start_matches("//").replace(':', "/");
        let path = if label.starts_with(':') { format!("private{path}") } else { path };
        let path = path.trim_start_matches('/').to_owned();
        if let Some(text) = self.virtual_files.get(&path) {
            return self.evaluate(&path, text.clone(), None);
        }
        let loaded = || SHARED.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = loaded().get(&path) {
            return Ok(module.clone());
        }
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("module").join(&path);
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let own = Files { virtual_files: &BTreeMap::new(), ..*self };
        let module = own.evaluate(&path, text, None)?;
        loaded().insert(path, module.clone());
        Ok(module)
    }
}

impl Files<'_> {
    fn evaluate(&self, path: &str, text: String, input: Option<&str>) -> starlark::Result<FrozenModule> {
        let dialect = Dialect { enable_keyword_only_arguments: true, ..Dialect::Standard };
        let ast = AstModule::parse(path, text, &dialect)?;
        Module::with_temp_heap(|module| {
            module.import_public_symbols(&SHARED.prelude);
            if let Some(input) = input {
                module.set("INPUT", module.heap().alloc(input));
            }
            {
                let mut eval = Evaluator::new(&module);
                eval.set_loader(self);
                eval.set_print_handler(self.emitted);
                eval.eval_module(ast, &SHARED.globals)?;
            }
            Ok(module.freeze()?)
        })
    }
}

/// Evaluates a script that may load the module's files and the `virtual_files`, and has its input as `INPUT`. Returns what
/// it emits, or the message with which it failed.
pub(crate) fn run(script: &str, input: &str, virtual_files: &BTreeMap<String, String>) -> Result<Vec<String>, String> {
    let emitted = Emitted::default();
    let files = Files { emitted: &emitted, virtual_files };
    files.evaluate("script", script.to_owned(), Some(input)).map_err(|error| error.to_string())?;
    Ok(emitted.0.into_inner())
}
