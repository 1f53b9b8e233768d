use super::*;

struct Scratch {
    _directory: tempfile::TempDir,
    /// The repository.
    root: Utf8PathBuf,
    /// What is not in it.
    outside: Utf8PathBuf,
}

fn scratch() -> Scratch {
    let directory = tempfile::tempdir().unwrap();
    let base = Utf8Path::from_path(directory.path()).unwrap().canonicalize_utf8().unwrap();
    let (root, outside) = (base.join("root"), base.join("outside"));
    fs::create_dir(&root).unwrap();
    fs::create_dir(&outside).unwrap();
    Scratch { _directory: directory, root, outside }
}

#[cfg(unix)]
use std::os::unix::fs::symlink;

#[test]
fn equal_bytes_are_not_written() {
    let Scratch { root, .. } = &scratch();
    let path = root.join("a/b/file");
    assert!(Writer::new(root).replace(&path, b"a").unwrap());
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    assert!(!Writer::new(root).replace(&path, b"a").unwrap());
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
    assert!(Writer::new(root).replace(&path, b"b").unwrap());
    assert_eq!(fs::read(&path).unwrap(), b"b");
    assert_eq!(path.parent().unwrap().read_dir_utf8().unwrap().count(), 1, "nothing is left beside it");
}

#[cfg(unix)]
#[test]
fn permissions_and_links_within_the_repository_survive() {
    use std::os::unix::fs::PermissionsExt as _;
    let Scratch { root, .. } = &scratch();
    let path = root.join("file");
    fs::write(&path, "a").unwrap();
    fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let link = root.join("link");
    symlink("file", &link).unwrap();
    assert!(Writer::new(root).replace(&link, b"b").unwrap());
    assert!(link.is_symlink());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read(&path).unwrap(), b"b");
}

#[cfg(unix)]
#[test]
fn what_links_lead_out_of_the_repository_is_not_written() {
    let Scratch { root, outside, .. } = &scratch();
    let secret = outside.join("secret");
    fs::write(&secret, "theirs").unwrap();
    symlink(&secret, root.join("file")).unwrap();
    symlink(outside, root.join("folder")).unwrap();
    symlink(outside.join("absent"), root.join("dangling")).unwrap();
    symlink("../outside/secret", root.join("relative")).unwrap();
    for (path, reason) in [
        ("file", "it is a link that leads out of the repository"),
        ("relative", "it is a link that leads out of the repository"),
        ("folder/secret", "it is a link that leads out of the repository"),
        ("folder/new/file", "it is a link that leads out of the repository"),
        ("dangling", "it is a link that leads nowhere"),
        ("folder", "it is a link that leads out of the repository"),
        (".", "it is a folder, not a file"),
    ] {
        let error = Writer::new(root).replace(path.into(), b"ours").unwrap_err();
        assert!(error.is_input(), "{path}");
        assert_eq!(error.shown("x").to_string(), format!("cannot write `x`: {reason}"), "{path}");
    }
    assert_eq!(fs::read_to_string(&secret).unwrap(), "theirs");
    assert_eq!(outside.read_dir_utf8().unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_to_itself_is_told_as_the_system_tells_it() {
    let Scratch { root, .. } = &scratch();
    symlink("round", root.join("round")).unwrap();
    let error = Writer::new(root).replace("round".into(), b"ours").unwrap_err();
    assert!(matches!(error.problem, FileProblem::System(_)), "{error}");
}

#[cfg(unix)]
#[test]
fn a_second_name_of_a_file_elsewhere_keeps_its_bytes() {
    let Scratch { root, outside, .. } = &scratch();
    let secret = outside.join("secret");
    for write in [
        (|root: &Utf8Path| Writer::new(root).replace("file".into(), b"ours").map(drop)) as fn(&Utf8Path) -> _,
        |root| Writer::new(root).put("file".into(), b"ours"),
    ] {
        fs::write(&secret, "theirs").unwrap();
        fs::hard_link(&secret, root.join("file")).unwrap();
        write(root).unwrap();
        assert_eq!(fs::read_to_string(&secret).unwrap(), "theirs");
        assert_eq!(fs::read_to_string(root.join("file")).unwrap(), "ours");
        fs::remove_file(root.join("file")).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn below_a_folder_that_others_filled_a_link_is_replaced_and_a_linked_folder_refused() {
    let Scratch { root, outside, .. } = &scratch();
    let secret = outside.join("secret");
    fs::write(&secret, "theirs").unwrap();
    fs::create_dir(root.join("a")).unwrap();
    symlink(&secret, root.join("a/file")).unwrap();
    symlink(outside.join("absent"), root.join("a/dangling")).unwrap();
    symlink(outside, root.join("b")).unwrap();
    for file in ["a/file", "a/dangling", "c/d/new"] {
        for (write, ours) in [
            (Box::new(|| Writer::new(root).copy(file.into(), &b"copied"[..])) as Box<dyn Fn() -> _>, "copied"),
            (Box::new(|| Writer::new(root).put(file.into(), b"ours")), "ours"),
        ] {
            write().unwrap();
            assert!(!root.join(file).is_symlink());
            assert_eq!(fs::read_to_string(root.join(file)).unwrap(), ours);
        }
    }
    for file in ["b/secret", "b/new/file"] {
        let error = Writer::new(root).put(file.into(), b"ours").unwrap_err();
        assert!(error.is_input());
        assert!(error.to_string().ends_with("/b` is a link, which is not followed here"), "{error}");
    }
    assert_eq!(fs::read_to_string(&secret).unwrap(), "theirs");
    assert_eq!(outside.read_dir_utf8().unwrap().count(), 1);
    // The folder that the person named may be a link.
    symlink(root.join("a"), root.join("named")).unwrap();
    Writer::new(root.join("named")).put("file".into(), b"again").unwrap();
    assert_eq!(fs::read_to_string(root.join("a/file")).unwrap(), "again");
}

#[test]
fn a_file_in_the_place_of_a_folder_and_a_folder_in_the_place_of_a_file_are_somebodys_to_move() {
    let Scratch { root, .. } = &scratch();
    fs::write(root.join("file"), "theirs").unwrap();
    fs::create_dir_all(root.join("folder/x")).unwrap();
    let put = |path: &str| Writer::new(root).put(path.into(), b"ours").unwrap_err();
    let replace = |path: &str| Writer::new(root).replace(path.into(), b"ours").unwrap_err();
    let below = Writer::new(root.join("file")).put("x".into(), b"ours").unwrap_err();
    for error in [put("file/x"), put("file/x/y"), replace("file/x"), replace("file/x/y"), below] {
        assert!(error.is_input(), "{error}");
        assert!(error.to_string().ends_with(&format!("`{root}/file` is a file, not a folder")), "{error}");
    }
    for error in [put("folder/x"), replace("folder/x")] {
        assert!(error.is_input(), "{error}");
        assert!(error.to_string().ends_with("it is a folder, not a file"), "{error}");
    }
    assert_eq!(fs::read_to_string(root.join("file")).unwrap(), "theirs");
}

#[test]
fn what_a_killed_run_left_goes_with_the_next_that_writes_there() {
    let Scratch { root, .. } = &scratch();
    for folder in ["a/b", "c"] {
        fs::create_dir_all(root.join(folder)).unwrap();
        fs::write(root.join(folder).join(".imagelock-killed.tmp"), "").unwrap();
    }
    Writer::new(root).replace("a/b/file".into(), b"x").unwrap();
    Writer::new(root).put("c/file".into(), b"x").unwrap();
    for folder in ["a/b", "c"] {
        assert_eq!(root.join(folder).read_dir_utf8().unwrap().count(), 1, "{folder}");
    }
}
