//! One file: which format reads it, what it says, and what comments and rules add.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use camino::Utf8Path;
use imagelock_core::Reference;
use imagelock_core::source::{Located, Location, SourceFile};
use imagelock_edit::{Choice, Holds, Marked, ignored, marked};
use imagelock_files::{FileError, FileProblem, Opened};
use imagelock_scan::{Format, HEAD, Head, PLAIN, Parsed, Says, Site, Sure, WORD, bare, claiming, makes, plain, start};

use crate::survey::Rule;
use crate::{Before, Ignored, Mention, State, Survey, Surveyed, Warning, Why};

/// What a place is said to be found by that a rule of the project file found.
const RULE: &str = "rule";

/// What a file holds: read now, or by others before.
enum Bytes<'p> {
    Opened(Opened<'p>),
    Kept(Arc<[u8]>),
}

impl Bytes<'_> {
    /// What was read so far: the first bytes, or all.
    fn so_far(&self) -> &[u8] {
        match self {
            Self::Opened(opened) => opened.so_far(),
            Self::Kept(kept) => &kept[..kept.len().min(HEAD)],
        }
    }

    /// All of them. What was read before was no more than others allow.
    fn rest(self, limit: u64) -> Result<Vec<u8>, FileError> {
        match self {
            Self::Opened(opened) => opened.rest(limit),
            Self::Kept(kept) => Ok(kept.to_vec()),
        }
    }
}

/// A file that is opened once, when something asks what is in it.
struct First<'p> {
    path: &'p Utf8Path,
    file: &'p Utf8Path,
    before: Option<Before<'p>>,
    opened: OnceCell<Result<Option<Bytes<'p>>, FileError>>,
}

impl<'p> First<'p> {
    fn open(&self) -> Result<Option<Bytes<'p>>, FileError> {
        if let Some(kept) = self.before.and_then(|before| before(self.path)) {
            return Ok(Some(Bytes::Kept(kept)));
        }
        let Some(mut opened) = Opened::open(self.file)? else { return Ok(None) };
        opened.head(HEAD)?;
        Ok(Some(Bytes::Opened(opened)))
    }

    fn into_bytes(mut self) -> Result<Option<Bytes<'p>>, FileError> {
        self.opened.take().unwrap_or_else(|| self.open())
    }
}

impl Head for First<'_> {
    fn text(&self) -> &str {
        let opened = self.opened.get_or_init(|| self.open());
        opened.as_ref().ok().and_then(Option::as_ref).map_or("", |opened| start(opened.so_far()))
    }
}

/// A file that is read.
pub(crate) struct Reader<'r, 'a> {
    pub(crate) survey: &'r Survey<'a>,
    /// Its path from the root on.
    pub(crate) path: &'r Utf8Path,
    /// Where it is.
    pub(crate) file: &'r Utf8Path,
    pub(crate) found: &'r mut Surveyed,
}

impl<'r, 'a> Reader<'r, 'a> {
    /// Reads the file as far as it is worth it, and notes all that it says.
    pub(crate) fn read(&mut self) {
        self.found.files += 1;
        match self.text() {
            Ok(None) => {}
            Ok(Some((text, format))) => {
                self.found.read += 1;
                let file = SourceFile::new(self.path, text);
                if file.text().contains('\0') {
                    let at = file.text().find('\0').unwrap_or_default();
                    return self.warn(&file, at, format!("`{}` is not text: it has a NUL byte", self.path));
                }
                self.names(file.text());
                self.places(&file, format);
            }
            Err(error) => {
                let line = match &error.problem {
                    FileProblem::NotText { at, text, .. } => Some(text[..*at].matches('\n').count() + 1),
                    _ => None,
                };
                let message = error.shown(self.path).to_string();
                self.found.warnings.push(Warning { file: self.path.to_string(), line, message });
            }
        }
    }

    /// The text and the format of a file that is worth it.
    fn text(&self) -> Result<Option<(String, &'static dyn Format)>, FileError> {
        let first = First { path: self.path, file: self.file, before: self.survey.before, opened: OnceCell::new() };
        let Some(format) = claiming(self.path, &first) else { return Ok(None) };
        let is_read = format.id() != PLAIN || self.rules().next().is_some();
        // A marker names an image of the lock.
        if !is_read && self.survey.context.lock.images.is_empty() {
            return Ok(None);
        }
        let Some(bytes) = first.into_bytes()? else { return Ok(None) };
        if is_read {
            return imagelock_files::utf8(self.file, bytes.rest(self.survey.largest)?).map(|text| Some((text, format)));
        }
        if bytes.so_far().contains(&0) {
            return Ok(None);
        }
        // Whatever it is, it is nobody's mistake that it is none that could have a marker.
        let text = bytes.rest(self.survey.largest).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let is_worth_it = |text: &String| text.contains(WORD) || self.takes_names();
        Ok(text.filter(|text| is_worth_it(text) && !text.contains('\0')).map(|text| (text, format)))
    }

    /// Whether the file may take images by their names, and anybody asks.
    fn takes_names(&self) -> bool {
        self.survey.by_name && imagelock_scan::takes_names(self.path)
    }

    /// Notes the images that a text takes by their names.
    fn names(&mut self, text: &str) {
        if self.takes_names() {
            let survey = self.survey;
            let known = &survey.context.lock.images;
            let named = imagelock_scan::names(self.path, text).filter_map(|name| known.get_key_value(name));
            self.found.named.extend(named.map(|(name, _)| name.clone()));
        }
    }

    /// The rules of the project file that are about the file.
    fn rules(&self) -> impl Iterator<Item = &'r Rule<'a>> {
        let (rules, path) = (self.survey.rules.iter(), self.path.as_std_path());
        rules.filter(move |rule| rule.files.iter().any(|glob| glob.is_match(path)))
    }

    /// Notes the places of a text.
    fn places(&mut self, file: &Arc<SourceFile>, format: &'static dyn Format) {
        let parsed = format.read(file.text()).unwrap_or_else(|error| {
            let message = format!("`{}` cannot be read as {}: {}", self.path, format.about(), error.reason);
            self.warn(file, error.at.start, message);
            Parsed::default()
        });
        if self.survey.with_made {
            self.found.made.extend(makes(format.id(), file.text()));
        }
        let marks = self.marks(file, format, &parsed);
        let ignored = ignored(file, &parsed);
        let mut mentions: Vec<Mention> = Vec::new();
        let mut taken: Vec<Range<usize>> = Vec::new();
        for site in &parsed.sites {
            let mark = spans(site).find_map(|span| at(&marks, |mark| &mark.span, span));
            if !site.names_an_image() && !mark.is_some_and(|mark| mark.holds == Holds::Reference) {
                continue;
            }
            taken.extend(spans(site).cloned());
            if mark.is_none()
                && let Some(reason) = ignored.get(&site.line)
            {
                self.leave_alone(site.line, reason);
                continue;
            }
            let mut mention = Mention::of(file, format.id(), site);
            self.judge(&mut mention, mark);
            mentions.push(mention);
        }
        taken.sort_by_key(|span| span.start);
        Self::apart(file, format, &marks, &taken, &mut mentions);
        taken.extend(marks.into_iter().map(|mark| mark.span));
        taken.sort_by_key(|span| span.start);
        self.ruled(file, &ignored, &taken, &mut mentions);
        self.found.mentions.append(&mut mentions);
    }

    /// The places that markers speak of. A format that holds images together by keys has no place for a part of one: then
    /// they are read as in any text.
    fn marks(&mut self, file: &Arc<SourceFile>, format: &dyn Format, parsed: &Parsed) -> Vec<Marked<'a>> {
        let survey = self.survey;
        if parsed.comments.is_empty() || survey.context.lock.images.is_empty() {
            return Vec::new();
        }
        let error = match marked(file, parsed, survey.context) {
            Ok(marks) => return marks,
            Err(error) => error,
        };
        let plain = plain(self.path).filter(|_| format.id() != PLAIN);
        let again = plain.and_then(|plain| marked(file, &plain.read(file.text()).ok()?, survey.context).ok());
        again.unwrap_or_else(|| {
            let at = error.labels().first().map_or(0, |label| label.at.span.start);
            self.warn(file, at, error.to_string());
            Vec::new()
        })
    }

    /// Notes the places that only markers make images, where the format has none.
    fn apart(
        file: &Arc<SourceFile>,
        format: &'static dyn Format,
        marks: &[Marked<'_>],
        taken: &[Range<usize>],
        mentions: &mut Vec<Mention>,
    ) {
        for mark in marks.iter().filter(|mark| at(taken, |span| span, &mark.span).is_none()) {
            let mention = match &mark.holds {
                Holds::Digest(Some(digest)) => {
                    let means = mark.image.repository.with(mark.image.tag().cloned(), Some(digest.clone()));
                    Mention::digest(file, format.id(), &mark.span, means)
                }
                Holds::Reference => {
                    let site = whole(file, mark.span.clone(), Sure::Possible);
                    Mention::of(file, format.id(), &site)
                }
                // A part alone names no image.
                Holds::Digest(None) | Holds::Part => continue,
            };
            mentions.push(Mention { image: Some(mark.image.name.clone()), ..mention });
        }
    }

    /// Notes what the rules of the project file find beside what the format found.
    fn ruled(
        &mut self,
        file: &Arc<SourceFile>,
        ignored: &BTreeMap<usize, &str>,
        taken: &[Range<usize>],
        mentions: &mut Vec<Mention>,
    ) {
        let mut spans: Vec<Range<usize>> = self.rules().flat_map(|rule| rule.pattern.images(file.text())).collect();
        spans.sort_by_key(|span| (span.start, span.end));
        let mut end = 0;
        for span in spans {
            if span.is_empty() || span.start < end || at(taken, |span| span, &span).is_some() {
                continue;
            }
            end = span.end;
            let site = whole(file, span, Sure::Certain);
            if let Some(reason) = ignored.get(&site.line) {
                self.leave_alone(site.line, reason);
                continue;
            }
            let mut mention = Mention::of(file, RULE, &site);
            self.judge(&mut mention, None);
            mentions.push(mention);
        }
    }

    /// Says which locked image a place means, and whether the repository builds it.
    fn judge(&self, mention: &mut Mention, mark: Option<&Marked<'_>>) {
        if let Some(mark) = mark {
            mention.image = Some(mark.image.name.clone());
            return;
        }
        let Some(means) = &mention.means else { return };
        if self.survey.context.built.names(&means.repository) {
            mention.state = State::Built;
        } else if let Choice::Pin(image) = self.survey.images.choose(means) {
            mention.image = Some(image.name.clone());
        }
    }

    fn leave_alone(&mut self, line: usize, reason: &str) {
        let (file, reason) = (self.path.to_owned(), reason.to_owned());
        self.found.ignored.push(Ignored { file, line: Some(line), why: Why::Comment, reason });
    }

    fn warn(&mut self, file: &Arc<SourceFile>, at: usize, message: String) {
        let line = Some(Location::new(file, at..at).line());
        self.found.warnings.push(Warning { file: self.path.to_string(), line, message });
    }
}

/// A place with a whole reference.
fn whole(file: &Arc<SourceFile>, span: Range<usize>, sure: Sure) -> Site {
    let text = file.text().get(span.clone()).unwrap_or_default();
    let quotes = ['"', '\'', '`'];
    let inside = quotes.iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote)).unwrap_or(text);
    let reference = bare(inside).parse::<Reference>();
    let line = Location::new(file, span.clone()).line();
    let says = Says::Whole { span, text: inside.to_owned(), reference };
    Site { says, sure, line, place: String::new(), builds: false }
}

/// The bytes of a place, which may stand apart.
fn spans(site: &Site) -> impl Iterator<Item = &Range<usize>> {
    let (whole, parts) = match &site.says {
        Says::Whole { span, .. } | Says::Open { span, .. } => (Some(span), None),
        Says::Parts { parts, .. } => (None, Some(parts)),
    };
    let pieces = parts.map(|parts| [&parts.registry, &parts.repository, &parts.tag, &parts.digest]);
    whole.into_iter().chain(pieces.into_iter().flatten().flatten().map(|piece| &piece.span))
}

/// The one of `sorted`, of which none overlaps another, that overlaps these bytes.
fn at<'s, T>(sorted: &'s [T], span: impl Fn(&T) -> &Range<usize>, bytes: &Range<usize>) -> Option<&'s T> {
    let before = sorted.partition_point(|one| span(one).start < bytes.end);
    sorted[..before].last().filter(|one| span(one).end > bytes.start)
}
