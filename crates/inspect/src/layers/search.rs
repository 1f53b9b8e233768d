//! The search through the layers of one image.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, BufReader, Read};

use super::archive::{Archive, Entry, Kind, Stop};
use super::compression::Unpacked;
use super::covered::{Covered, What};
use super::path::{self, Mark, shown};
use super::place::{self, Place};
use super::{Compression, Contents, LayerError, Limits, NotRead, Reason, finish};
use crate::database::os_release::OsRelease;
use crate::database::{self, Record, Records, executable, go, npm, rpm};

/// How many files that were not read are named.
const NAMED: usize = 256;

/// What is looked for in the layers of one image, fed the newest layer first.
#[derive(Debug)]
pub struct Search {
    limits: Limits,
    system_only: bool,
    covered: Covered,
    found: Vec<Found>,
    gone: BTreeSet<String>,
    /// What was read over a bound, after which nothing more is read.
    stopped: Option<NotRead>,
    layers: usize,
    unpacked: u64,
    /// How many bytes the packages take.
    packages: usize,
    /// How many files that were not read are named, and how many are not.
    named: usize,
    more: usize,
}

/// Something that a layer has and no newer one hides.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) path: Vec<u8>,
    pub(super) place: Option<Place>,
    /// 0 is the newest.
    pub(super) layer: usize,
    pub(super) says: Says,
}

#[derive(Debug)]
pub(super) enum Says {
    /// Packages, and why there may be more.
    Packages(Vec<Record>, Option<Reason>),
    Os(OsRelease),
    NotRead(Reason),
}

/// What one layer has, by its paths.
type Layer = BTreeMap<Vec<u8>, (Option<Place>, Says)>;

impl Search {
    /// Looks for the packages of the distribution, of languages, and for what executables were built from.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            system_only: false,
            covered: Covered::default(),
            found: Vec::new(),
            gone: BTreeSet::new(),
            stopped: None,
            layers: 0,
            unpacked: 0,
            packages: 0,
            named: 0,
            more: 0,
        }
    }

    /// Looks for the packages of the distribution only, so that older layers are often not needed.
    pub fn of_system(limits: Limits) -> Self {
        Self { system_only: true, ..Self::new(limits) }
    }

    /// Reads one layer to its end, an older one each time. Where its first bytes tell another compression, they are right. All bytes of `bytes` are read, so that whoever counts and
    /// hashes them sees them all; what is found is worth nothing where their digest turns out to be another one.
    ///
    /// After an error the image is known to be broken, and nothing more is wanted.
    pub fn layer(&mut self, compression: Compression, bytes: impl Read) -> Result<(), LayerError> {
        let mut source = BufReader::with_capacity(64 * 1024, bytes);
        if self.wants_more() {
            let start = source.fill_buf().map_err(|error| LayerError::Read { offset: 0, error })?;
            let unpacked = Unpacked::new(compression.of_bytes(start), &mut source);
            let mut archive = Archive::new(unpacked, self.limits.unpacked - self.unpacked);
            let mut layer = Layer::new();
            let outcome = self.entries(&mut archive, &mut layer);
            self.unpacked = self.limits.unpacked - archive.budget();
            let number = self.layers;
            let found = |(path, (place, says))| Found { path, place, layer: number, says };
            self.found.extend(layer.into_iter().map(found));
            self.covered.settle();
            if let Err(Stop::Error(error)) = outcome {
                self.stopped
                    .get_or_insert(NotRead { path: String::new(), reason: Reason::Format("a layer is broken") });
                return Err(error);
            }
        }
        self.layers += 1;
        io::copy(&mut source, &mut io::sink()).map_err(|error| LayerError::Read { offset: self.unpacked, error })?;
        Ok(())
    }

    /// Whether older layers can still say something.
    pub fn wants_more(&self) -> bool {
        let has = |wanted: fn(Place) -> bool| self.found.iter().any(|found| found.place.is_some_and(wanted));
        let system_is_known = || has(Place::is_whole_database) && has(|place| place == Place::OsRelease);
        self.stopped.is_none() && !self.covered.hides_all() && !(self.system_only && system_is_known())
    }

    fn entries(&mut self, archive: &mut Archive<impl Read>, layer: &mut Layer) -> Result<(), Stop> {
        let mut last = Vec::new();
        loop {
            match archive.next() {
                Ok(Some(entry)) => {
                    last.clone_from(&entry.path);
                    if let Err(stop) = self.entry(archive, &entry, layer) {
                        return self.stop(stop, &last);
                    }
                }
                Ok(None) => return Ok(()),
                Err(stop) => return self.stop(stop, &last),
            }
        }
    }

    /// Notes where reading ended over a bound.
    fn stop(&mut self, stop: Stop, last: &[u8]) -> Result<(), Stop> {
        let reason = match stop {
            Stop::Error(_) => return Err(stop),
            Stop::Budget => Reason::Unpacked { limit: self.limits.unpacked },
            Stop::Paths => Reason::Paths { limit: self.limits.paths },
        };
        let path = path::normal(&last[..last.len().min(path::LONGEST)]);
        self.stopped.get_or_insert(NotRead { path: shown(&path), reason });
        Ok(())
    }

    fn entry(&mut self, archive: &mut Archive<impl Read>, entry: &Entry, layer: &mut Layer) -> Result<(), Stop> {
        if entry.path.len() > path::LONGEST {
            let limit = path::LONGEST;
            let path = path::normal(&entry.path[..limit]);
            self.insert(layer, path, None, Says::NotRead(Reason::LongPath { limit }));
            return Ok(());
        }
        if self.covered.len() >= self.limits.paths {
            return Err(Stop::Paths);
        }
        let path = path::normal(&entry.path);
        match path::mark(&path) {
            Mark::Gone(gone) => {
                self.covered.add(What::Path, &gone);
                self.is_gone(shown(&gone));
            }
            Mark::Opaque(folder) => {
                self.covered.add(What::Below, &folder);
                self.is_gone(shown(&folder) + "/");
            }
            Mark::Private => {}
            Mark::None if path.is_empty() => {}
            Mark::None if entry.kind == Kind::Folder => {
                self.covered.add(What::Folder, &path);
                layer.remove(&path);
            }
            Mark::None => {
                self.covered.add(What::Path, &path);
                forget(layer, &path);
                self.look(archive, entry, path, layer)?;
            }
        }
        Ok(())
    }

    /// Notes what is removed of older layers, as long as there is room for it.
    fn is_gone(&mut self, path: String) {
        let needed = path.len() + 4 * size_of::<String>();
        if needed > self.limits.packages - self.packages {
            self.more += 1;
        } else if self.gone.insert(path) {
            self.packages += needed;
        }
    }

    /// Looks at what is no folder, unless it is hidden.
    fn look(
        &mut self,
        archive: &mut Archive<impl Read>,
        entry: &Entry,
        path: Vec<u8>,
        layer: &mut Layer,
    ) -> Result<(), Stop> {
        let place = Place::of(&path, entry.executable).filter(|place| !self.system_only || place.is_system());
        if (place.is_none() && entry.kind != Kind::SymbolicLink) || self.covered.hides(&path) {
            return Ok(());
        }
        let says = match (entry.kind, place) {
            (Kind::File, Some(place)) => match self.file(archive, entry, place, &path)? {
                Some(says) => says,
                None => return Ok(()),
            },
            (Kind::SymbolicLink, _) => {
                let target = path::target(&path, &entry.link);
                let is_file = place.filter(|place| *place != Place::Executable);
                let is_lost = is_file.is_some_and(|place| Place::of(&target, false) != Some(place));
                if !is_lost && !place::is_moved(&path, &target) {
                    return Ok(());
                }
                Says::NotRead(Reason::Link { target: shown(&target) })
            }
            (Kind::HardLink, Some(place)) if place != Place::Executable => {
                let target = path::normal(&entry.link);
                // What was read already says it all.
                if layer.get(&target).is_some_and(|(found, _)| *found == Some(place)) {
                    return Ok(());
                }
                Says::NotRead(Reason::HardLink { target: shown(&target) })
            }
            _ => return Ok(()),
        };
        self.insert(layer, path, place, says);
        Ok(())
    }

    /// Reads a file; nothing where it has nothing to say.
    fn file(
        &mut self,
        archive: &mut Archive<impl Read>,
        entry: &Entry,
        place: Place,
        path: &[u8],
    ) -> Result<Option<Says>, Stop> {
        let limit = if place == Place::Npm { npm::LARGEST.min(self.limits.file) } else { self.limits.file };
        let too_large = || Some(Says::NotRead(Reason::TooLarge { size: entry.size, limit }));
        match place {
            Place::RpmLog if entry.size == 0 => return Ok(None),
            Place::RpmLog => return Ok(Some(Says::NotRead(Reason::Format("what it would change is not read")))),
            Place::RpmOld => return Ok(Some(Says::NotRead(Reason::Format("it is a Berkeley DB")))),
            Place::Executable => return self.executable(archive, entry),
            _ if entry.sparse => return Ok(Some(Says::NotRead(Reason::Sparse))),
            Place::Java => return self.java(archive, path).map(Some),
            Place::Rpm => return self.streamed(archive, |source, records| rpm::read(source, limit, records)).map(Some),
            Place::RpmSlots => {
                return self.streamed(archive, |source, records| rpm::ndb::read(source, records)).map(Some);
            }
            _ if entry.size > limit as u64 => return Ok(too_large()),
            _ => {}
        }
        let mut bytes = Vec::new();
        archive.read_data(entry.size, &mut bytes)?;
        if place == Place::OsRelease {
            return Ok(Some(Says::Os(OsRelease::read(&bytes))));
        }
        Ok(Some(self.packages(|records| match place {
            Place::Apk => database::apk::read(&bytes, records),
            Place::Dpkg | Place::DpkgPart => database::dpkg::read(&bytes, records),
            Place::RpmManifest => rpm::manifest::read(&bytes, records),
            Place::Python => database::python::read(&bytes, records),
            Place::Npm => npm::read(&bytes, records),
            _ => Ok(()),
        })))
    }

    /// Executables are read whole, or, if they are large, where Go keeps what it has to say.
    fn executable(&mut self, archive: &mut Archive<impl Read>, entry: &Entry) -> Result<Option<Says>, Stop> {
        let limit = self.limits.file as u64;
        let mut bytes = Vec::new();
        archive.read_data(executable::MAGIC.len() as u64, &mut bytes)?;
        if bytes != executable::MAGIC {
            return Ok(None);
        }
        if entry.sparse {
            return Ok(Some(Says::NotRead(Reason::Sparse)));
        }
        if entry.size <= limit {
            archive.read_data(entry.size, &mut bytes)?;
            return Ok(Some(self.packages(|records| executable::read(&bytes, records))));
        }
        let mut crates = executable::HasCrates::default();
        archive.read_data(executable::HEAD as u64, &mut bytes)?;
        crates.feed(&bytes);
        let head = bytes.len() as u64;
        if let Some((offset, size)) = executable::data_segment(&bytes).filter(|(offset, _)| *offset >= head) {
            archive.pass(offset - head, &mut |passed| crates.feed(passed))?;
            bytes.clear();
            archive.read_data(size.min(limit), &mut bytes)?;
            crates.feed(&bytes);
            let mut is_go = false;
            let says = self.packages(|records| go::read(&bytes, records).map(|read| is_go = read));
            if is_go || matches!(says, Says::Packages(_, Some(_))) {
                return Ok(Some(says));
            }
        }
        archive.pass(u64::MAX, &mut |passed| crates.feed(passed))?;
        let reason = Reason::TooLarge { size: entry.size, limit: self.limits.file };
        Ok(crates.found().then_some(Says::NotRead(reason)))
    }

    fn java(&mut self, archive: &mut Archive<impl Read>, path: &[u8]) -> Result<Says, Stop> {
        let before = archive.budget();
        let mut work = before;
        let read =
            |source: &mut dyn BufRead, records: &mut Records| database::java::read(source, path, &mut work, records);
        let says = self.streamed(archive, read)?;
        archive.charge(before - work);
        Ok(says)
    }

    /// Reads a file that is not held.
    fn streamed(
        &mut self,
        archive: &mut Archive<impl Read>,
        read: impl FnOnce(&mut dyn BufRead, &mut Records) -> Result<(), Reason>,
    ) -> Result<Says, Stop> {
        let mut stop = None;
        let mut source = BufReader::new(archive.data(&mut stop));
        let says = self.packages(|records| read(&mut source, records));
        stop.map_or(Ok(says), Err)
    }

    fn packages(&mut self, read: impl FnOnce(&mut Records) -> Result<(), Reason>) -> Says {
        let mut records = Records::with_room(self.limits.packages - self.packages);
        let missing = read(&mut records).err();
        self.packages += records.weight();
        Says::Packages(records.into_list(), missing)
    }

    /// Keeps what a path says, as long as there is room for it.
    fn insert(&mut self, layer: &mut Layer, path: Vec<u8>, place: Option<Place>, mut says: Says) {
        let is_database = place.is_some_and(Place::is_whole_database);
        if let Says::Packages(list, missing) = &mut says {
            // Nothing is said, nothing is kept; but a database counts although it is empty.
            if list.is_empty() && missing.is_none() && !is_database {
                return;
            }
            let needed = path.len() + size_of::<Found>();
            if needed > self.limits.packages - self.packages {
                let limit = self.limits.packages;
                says = Says::NotRead(missing.take().unwrap_or(Reason::Packages { limit }));
            } else {
                self.packages += needed;
            }
        }
        let has_missing = matches!(says, Says::NotRead(_) | Says::Packages(_, Some(_)));
        if has_missing && self.named >= NAMED && !is_database {
            self.more += 1;
            match &mut says {
                Says::Packages(_, missing) => *missing = None,
                _ => return,
            }
        } else if has_missing {
            self.named += 1;
        }
        layer.insert(path, (place, says));
    }

    /// What the layers say.
    pub fn finish(mut self) -> Contents {
        if self.more > 0 {
            let reason = Reason::More { count: self.more };
            let layer = self.layers;
            self.found.push(Found { path: Vec::new(), place: None, layer, says: Says::NotRead(reason) });
        }
        let mut contents = finish::contents(self.found);
        contents.not_read.extend(self.stopped);
        contents.gone = self.gone;
        contents
    }
}

/// Forgets what a layer has at a path and below: an entry that comes later replaces it.
fn forget(layer: &mut Layer, path: &[u8]) {
    layer.remove(path);
    let (from, to) = ([path, b"/"].concat(), [path, b"0"].concat());
    let below: Vec<Vec<u8>> = layer.range(from..to).map(|(path, _)| path.clone()).collect();
    for path in below {
        layer.remove(&path);
    }
}
