//! The inputs and outputs of the Terraform module, as its README shows them: made of the module's own words.

use anyhow::{Context as _, Result};
use fs_err as fs;
use hcl_edit::structure::{Block, Body};

use crate::shell;

const MODULE: &str = "integrations/terraform/module";

const HEAD: &str = "# The Terraform module

<!-- Made by `cargo xtask generate` from variables.tf and outputs.tf. -->

Reads `images.lock` for Terraform 1.5 or newer and OpenTofu. It has no provider, makes no resource and no request.
[The guide](../../../docs/terraform.md) starts from a configuration without it. `tofu test` or `terraform test` in this
folder runs its tests.

```hcl
module \"images\" {
  source    = \"github.com/imagelock/imagelock//integrations/terraform/module\"
  lock_file = \"${path.module}/../images.lock\"
}
```
";

/// The page.
pub(crate) fn page() -> Result<String> {
    let inputs = rows("variables.tf", "variable", |block| {
        let default = match attribute(block, "default") {
            Some(default) => format!("`{default}`"),
            None => "required".to_owned(),
        };
        format!("`{}` | {default}", attribute(block, "type").unwrap_or_default())
    })?;
    let outputs = rows("outputs.tf", "output", |_| String::new())?;
    Ok(format!(
        "{HEAD}\n## Inputs\n\n| input | type | default | is |\n|---|---|---|---|\n{inputs}\n\
         ## Outputs\n\n| output | is |\n|---|---|\n{outputs}"
    ))
}

/// A row of a table for each block of a file.
fn rows(file: &str, kind: &str, between: impl Fn(&Block) -> String) -> Result<String> {
    let source = fs::read_to_string(shell::repository().join(MODULE).join(file))?;
    let body: Body = source.parse().with_context(|| format!("cannot read {file}"))?;
    let mut rows = String::new();
    for block in body.get_blocks(kind) {
        let name = block.labels.first().map(hcl_edit::structure::BlockLabel::as_str).unwrap_or_default();
        let description = attribute(block, "description").with_context(|| format!("`{name}` has no description"))?;
        let mut cells = vec![format!("`{name}`"), between(block), unquoted(&description)];
        cells.retain(|cell| !cell.is_empty());
        rows.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    Ok(rows)
}

fn attribute(block: &Block, key: &str) -> Option<String> {
    block.body.get_attribute(key).map(|attribute| attribute.value.to_string().trim().to_owned())
}

/// What a quoted string says.
fn unquoted(text: &str) -> String {
    let inside = text.trim_matches('"');
    inside.replace("\\\"", "\"").replace("$${", "${").replace("%%{", "%{")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_input_and_output_has_a_row() {
        let page = page().unwrap();
        assert!(page.contains("| `lock_file` | `string` | required | Path of `images.lock`"), "{page}");
        assert!(page.contains("`\"${path.module}/../images.lock\"`"), "{page}");
        assert!(page.contains("| `only` | `set(string)` | `null` |"), "{page}");
        assert!(page.contains("| `refs` | For each image"), "{page}");
    }
}
