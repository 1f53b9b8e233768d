//! A database that the real rpm wrote.

use std::fmt::Write as _;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_tests::need;

use crate::{lines, listed, read_folder};

/// A source with a package of its own name, and with more than fit into one page of the database.
fn specification(packages: usize) -> String {
    let mut text = String::from(
        "Name: main\nVersion: 1.0~rc1\nRelease: 2^git3\nSummary: a\nLicense: MIT AND Zlib\nBuildArch: noarch\nAutoReqProv: no\n\
         %description\na\n%files\n",
    );
    for number in 0..packages {
        let epoch = if number % 3 == 0 { "Epoch: 2\n" } else { "" };
        let long = "Described at length. ".repeat(number % 7 * 100);
        write!(
            text,
            "%package -n lib{number}\nSummary: a\nVersion: {number}.1\nRelease: 1\n{epoch}License: BSD-3-Clause\n\
             AutoReqProv: no\n%description -n lib{number}\n{long}x\n%files -n lib{number}\n"
        )
        .unwrap();
    }
    text
}

/// Installs packages into the database of a new root, and returns what rpm says is there.
fn database(rpm: &Utf8Path, rpmbuild: &Utf8Path, folder: &Utf8Path) -> Vec<String> {
    let specification_file = folder.join("main.spec");
    fs_err::write(&specification_file, specification(60)).unwrap();
    let top = format!("_topdir {folder}/build");
    lines(Command::new(rpmbuild).args(["-bb", "--define", &top, specification_file.as_str()]));
    let built = folder.join("build/RPMS/noarch");
    let packages: Vec<_> = fs_err::read_dir(&built).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(packages.len(), 61);
    let root = folder.join("root");
    let at_root = || {
        let mut command = Command::new(rpm);
        command.args(["--root", root.as_str(), "--dbpath", "/usr/lib/sysimage/rpm"]);
        command
    };
    fs_err::create_dir_all(root.join("usr/lib/sysimage/rpm")).unwrap();
    lines(at_root().args(["-i", "--justdb", "--nodeps", "--noscripts", "--nosignature"]).args(packages));
    let format = "rpm %{NAME} %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\n";
    let mut said = lines(at_root().args(["-qa", "--qf", format]));
    said.sort();
    said
}

#[test]
fn the_packages_of_an_rpm_database_are_those_that_rpm_lists() {
    let (rpm, rpmbuild) = need!("rpm", "rpmbuild");
    let folder = tempfile::tempdir().unwrap();
    let folder = Utf8PathBuf::try_from(folder.path().to_owned()).unwrap();
    let said = database(&rpm, &rpmbuild, &folder);
    let contents = read_folder(&folder.join("root"), &["usr/lib/sysimage/rpm"]);
    assert_eq!(listed(&contents), said);
    assert_eq!(contents.not_read, []);
    let main = contents.packages.iter().find(|package| package.purl.name() == "main").unwrap();
    assert_eq!((main.version.as_str(), main.source.as_ref()), ("1.0~rc1-2^git3", None));
    assert_eq!(main.license.as_deref(), Some("MIT AND Zlib"));
    let lib = contents.packages.iter().find(|package| package.purl.name() == "lib3").unwrap();
    let source = lib.source.as_ref().unwrap();
    assert_eq!((source.name.as_str(), source.version.as_deref()), ("main", Some("1.0~rc1-2^git3")));
}
