//! Files that the real tools read too.

use std::collections::BTreeSet;
use std::process::Command;

use imagelock_tests::need;

use crate::{lines, listed, read_folder};

#[test]
fn the_packages_of_a_debian_root_are_those_that_dpkg_lists() {
    let (bazel, _dpkg) = need!("bazel7", "dpkg");
    let root = bazel.canonicalize_utf8().unwrap().ancestors().nth(2).unwrap().join("root");
    let contents = read_folder(&root, &["var/lib/dpkg/status", "usr/lib/os-release"]);
    let os = contents.os.as_ref().unwrap();
    assert_eq!((os.id.as_str(), os.namespace("deb")), ("debian", "debian"));
    assert!(contents.packages.iter().all(|package| package.purl.as_str().starts_with("pkg:deb/debian/")));

    let format = "${db:Status-Status} deb ${Package} ${Version}\\n";
    let mut query = Command::new("dpkg-query");
    query.arg("--admindir").arg(root.join("var/lib/dpkg")).args(["-W", "-f", format]);
    let said = lines(&mut query);
    let mut said: Vec<String> =
        said.iter().filter_map(|line| line.strip_prefix("installed ")).map(ToOwned::to_owned).collect();
    said.sort();
    assert!(said.len() > 100);
    assert_eq!(listed(&contents), said);

    let format = "${db:Status-Status} ${Package} ${source:Package} ${source:Version}\\n";
    let mut query = Command::new("dpkg-query");
    query.arg("--admindir").arg(root.join("var/lib/dpkg")).args(["-W", "-f", format]);
    for line in lines(&mut query) {
        let ["installed", name, source, version] = *line.split(' ').collect::<Vec<_>>() else { continue };
        let package = contents.packages.iter().find(|package| package.purl.name() == name).unwrap();
        let ours = package.source.as_ref();
        assert_eq!(ours.map_or(name, |ours| ours.name.as_str()), source, "{name}");
        let ours = ours.and_then(|ours| ours.version.as_deref()).unwrap_or(&package.version);
        assert_eq!(ours, version, "{name}");
    }
}

/// `go version -m` lists the modules of an executable, and what took the place of each.
#[test]
fn the_modules_of_an_executable_are_those_that_go_lists() {
    let go = need!("go");
    for tool in ["crane", "docker-compose"] {
        let program = need!(tool).canonicalize_utf8().unwrap();
        let said = lines(Command::new(&go).args(["version", "-m", program.as_str()]));
        let mut modules: Vec<String> = Vec::new();
        for line in &said {
            let fields: Vec<&str> = line.trim_start().split('\t').collect();
            match fields.as_slice() {
                ["mod" | "dep", path, version, ..] => modules.push(format!("golang {path} {version}")),
                ["=>", path, version, ..] => *modules.last_mut().unwrap() = format!("golang {path} {version}"),
                _ => {}
            }
        }
        let version = said[0].rsplit(": go").next().unwrap();
        modules.push(format!("golang stdlib {}", version.split(' ').next().unwrap()));
        let name = program.file_name().unwrap();
        let contents = read_folder(program.parent().unwrap(), &[name]);
        // A purl of Go has the path in small letters.
        let lower = |lines: &[String]| lines.iter().map(|line| line.to_lowercase()).collect::<BTreeSet<_>>();
        assert_eq!(lower(&listed(&contents)), lower(&modules), "{tool}");
        assert_eq!(contents.not_read, [], "{tool}");
    }
}

/// What Python's own reader of metadata says of the packages beside it.
#[test]
fn the_packages_of_python_are_those_that_python_lists() {
    let python = need!("python3");
    let script = "import importlib.metadata as m, re, sysconfig
site = sysconfig.get_paths()['purelib']
print(site)
for d in m.distributions(path=[site]):
    print('pypi', re.sub('[-_.]+', '-', d.metadata['Name']).lower(), d.version)";
    let said = lines(Command::new(python).args(["-c", script]));
    let (site, said) = said.split_first().unwrap();
    let folders: Vec<String> = fs_err::read_dir(site)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".dist-info"))
        .collect();
    let contents = read_folder(site.as_ref(), &folders.iter().map(String::as_str).collect::<Vec<_>>());
    let mut said = said.to_vec();
    said.sort();
    assert!(!said.is_empty());
    assert_eq!(listed(&contents), said);
}
