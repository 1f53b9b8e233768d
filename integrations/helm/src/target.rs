//! One `[[helm]]` table, rendered.

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_adapter::{Context, Output, Problem, RenderError, Target};
use imagelock_core::ImageName;
use imagelock_core::source::{Location, SourceFile, Spanned};

use crate::chart::{self, Chart};
use crate::overlay;
use crate::settings::{Planner, Settings};
use crate::table::{HelmTable, Way};
use imagelock_edit::{SetError, SetValue, set_values};
use imagelock_yaml::{Step, Value, display};

impl Target for HelmTable {
    fn title(&self) -> String {
        format!("helm {}", self.chart.value)
    }

    fn images(&self) -> Vec<Spanned<ImageName>> {
        let wanted = self.wanted.iter().map(|wanted| wanted.image.clone());
        wanted.chain(self.fields.iter().map(|field| field.image.clone())).collect()
    }

    fn covers(&self) -> Vec<Utf8PathBuf> {
        vec![self.chart.value.join("values.yaml")]
    }

    fn render(&self, context: &Context<'_>) -> Result<Vec<Output>, RenderError> {
        let chart = Chart::load(context.tree, &self.chart.value, &self.chart.at)?;
        let output = match &self.way {
            Way::Overlay(path) => self.overlay(&chart, path, context)?,
            Way::Edit(path) => self.edit(&chart, path, context)?,
        };
        let images = self.images();
        Ok(vec![output.with(images.iter().map(|image| &image.value))])
    }
}

impl HelmTable {
    fn settings(&self, planner: &Planner<'_>, context: &Context<'_>) -> Result<Vec<Settings>, RenderError> {
        let wanted = self.wanted.iter().map(|wanted| planner.wanted(wanted, context));
        let settings: Vec<Settings> =
            wanted.chain(self.fields.iter().map(|field| planner.field(field, context))).collect::<Result<_, _>>()?;
        conflicts(&settings)?;
        Ok(settings)
    }

    fn overlay(
        &self,
        chart: &Chart,
        path: &Spanned<Utf8PathBuf>,
        context: &Context<'_>,
    ) -> Result<Output, RenderError> {
        if path.value.starts_with(self.chart.value.join("templates")) {
            let message = format!("`{}` is a place of templates: Helm would render the file", path.value);
            return Err(Problem::at(&path.at, message).into());
        }
        let values = chart.values();
        let settings = self.settings(&Planner { chart, values: &values }, context)?;
        for setting in &settings {
            if let Some((path, _)) = setting.set.iter().find(|(path, _)| in_a_list(path)) {
                let message = format!("`{}` is in a list, which an overlay replaces whole", display(path));
                let help = "edit the values in place: `in-place = true` instead of `output`";
                return Err(Problem::at(&setting.at, message).help(help).into());
            }
        }
        let text = overlay::render(context.templates, &self.chart.value, &path.value, &settings)?;
        let output = Output::generated(path.value.clone(), &text, &path.at)?;
        Ok(warned(output, &settings))
    }

    fn edit(&self, chart: &Chart, path: &Spanned<Utf8PathBuf>, context: &Context<'_>) -> Result<Output, RenderError> {
        let Some(text) = context.tree.read_text(&path.value)? else {
            let message = format!("there is no `{}` to edit", path.value);
            let help = "write the values to a file of their own: `output = \"…\"`";
            return Err(Problem::at(&path.at, message).help(help).into());
        };
        let documents =
            imagelock_yaml::parse(&text).map_err(|error| chart::not_yaml(&path.value, &text, &error, &path.at))?;
        let mut values = chart.values();
        // The chart's own values are in already, and its absent ones would delete themselves.
        let own = path.value == self.chart.value.join("values.yaml");
        if let Some(over) = documents.first().and_then(Value::of).filter(|_| !own) {
            values.merge(&over);
        }
        let settings = self.settings(&Planner { chart, values: &values }, context)?;
        let set = settings.iter().flat_map(|setting| &setting.set);
        let set: Vec<SetValue> =
            set.map(|(path, value)| SetValue { path: path.clone(), value: value.clone() }).collect();
        let edited = set_values(&text, &set).map_err(|error| refused(&path.value, &text, &error, &settings))?;
        Ok(warned(Output::edited(path.value.clone(), edited.into_bytes(), &path.at), &settings))
    }
}

fn refused(path: &Utf8Path, text: &str, error: &SetError, settings: &[Settings]) -> RenderError {
    let asked = settings.iter().find(|setting| setting.set.iter().any(|(path, _)| *path == error.path));
    let at = Location::new(&SourceFile::new(path, text), error.at.clone());
    let mut problem = Problem::at(&at, format!("cannot set `{}` in `{path}`: {}", display(&error.path), error.reason));
    if let Some(asked) = asked {
        problem = problem.also(&asked.at, "asked for here");
    }
    problem.help(error.help).into()
}

fn warned(output: Output, settings: &[Settings]) -> Output {
    settings.iter().flat_map(|setting| &setting.warnings).fold(output, Output::warn)
}

fn in_a_list(path: &[Step]) -> bool {
    path.iter().any(|step| matches!(step, Step::Index(_)))
}

/// Two images that set one value, or one inside the other's, are a mistake of the project file.
fn conflicts(settings: &[Settings]) -> Result<(), RenderError> {
    let all: Vec<(&Vec<Step>, &Location)> =
        settings.iter().flat_map(|setting| setting.set.iter().map(|(path, _)| (path, &setting.at))).collect();
    let mut sorted = all;
    sorted.sort_by(|a, b| a.0.cmp(b.0));
    for pair in sorted.windows(2) {
        let [(path, first), (other, second)] = pair else { continue };
        if other.starts_with(path) {
            let message = format!("`{}` is set twice", display(path));
            return Err(Problem::at(second, message).also(first, "here too").into());
        }
    }
    Ok(())
}
