//! Charts as they are found in the wild: what is written for each. That it is right, `tests/tests/helm/` has Helm say.

use imagelock_adapter::{MemoryTree, Output};
use imagelock_edit::testing;
use imagelock_yaml::Value;

use crate::Helm;
use crate::testing::{Chart, IMAGES};

fn charts() -> Vec<Chart> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/charts");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        Chart::read(path.file_stem().unwrap().to_str().unwrap(), &std::fs::read_to_string(path).unwrap())
    };
    paths.iter().map(read).collect()
}

/// Renders the chart's table in one way.
fn rendered(chart: &Chart, way: &str) -> Result<Output, String> {
    let tree =
        chart.files.iter().fold(MemoryTree::default(), |tree, (path, text)| tree.file(path.clone(), text.clone()));
    let project = format!("[[helm]]\nchart = 'web'\n{way}\nvalues = {{ {} }}\n", chart.maps);
    let mut outputs = testing::render(&Helm, &project, &testing::lock(&IMAGES), &tree)?;
    Ok(outputs.remove(0))
}

/// What the first document of a text means.
fn means(text: &str) -> Value {
    imagelock_yaml::parse(text).unwrap().first().and_then(Value::of).unwrap_or_default()
}

#[test]
fn every_chart_is_written_for_in_its_own_shape_or_refused_with_the_reason() {
    let charts = charts();
    assert!(charts.len() >= 40, "{} charts are left", charts.len());
    for chart in &charts {
        let name = &chart.name;
        let [overlay, edited] = ["output = 'images.yaml'", "in-place = true"].map(|way| rendered(chart, way));
        if let Some(reason) = chart.refused() {
            for refused in [overlay, edited] {
                let error = refused.expect_err(name);
                assert!(error.contains(reason), "{name}: {error}");
            }
            continue;
        }
        let [overlay, edited] =
            [overlay, edited].map(|output| output.unwrap_or_else(|error| panic!("{name}: {error}")));
        assert_eq!(overlay.warnings, edited.warnings, "{name}");
        let warns = chart.warns();
        assert_eq!(overlay.warnings.len(), warns.len(), "{name}: {:?}", overlay.warnings);
        assert!(overlay.warnings.iter().zip(warns).all(|(told, text)| told.contains(text)), "{name}");
        let [overlay, edited] = [overlay, edited].map(|output| String::from_utf8(output.content).unwrap());
        let body = overlay.splitn(3, '\n').nth(2).unwrap();
        let named = IMAGES.iter().fold(body.to_owned(), |text, (name, _, digit)| {
            text.replace(&digit.to_string().repeat(64), &name.to_uppercase())
        });
        assert_eq!(named, chart.overlay, "{name}");
        // Values that are edited mean what the overlay means upon them.
        let own = chart.files.iter().find(|(path, _)| path == "web/values.yaml").map_or("", |(_, text)| text);
        let mut laid = means(own);
        laid.merge(&means(&overlay));
        assert_eq!(means(&edited), laid, "{name}");
    }
}
