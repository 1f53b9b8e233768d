use super::*;

fn hex(digit: char) -> String {
    digit.to_string().repeat(64)
}

/// `place|image|digests`, of the text with `A` to `D` as digits of digests.
fn told(text: &str) -> Vec<String> {
    let text = ['A', 'B', 'C', 'D']
        .into_iter()
        .fold(text.to_owned(), |text, digit| text.replace(&format!("<{digit}>"), &hex(digit.to_ascii_lowercase())));
    let found = running(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
    let digests = |container: &Container| {
        let short = |digest: &Digest| digest.hex()[..1].to_owned();
        container.digests.iter().map(short).collect::<String>()
    };
    let line = |container: &Container| format!("{}|{}|{}", container.place, container.image, digests(container));
    let ended = (found.ended > 0).then(|| format!("{} ended", found.ended));
    let by = found.by.iter().map(|tool| format!("{tool:?}"));
    by.chain(found.containers.iter().map(line)).chain(ended).collect()
}

#[test]
fn pods_are_read_with_all_their_containers_and_by_every_name_of_an_image() {
    let text = r#"{"apiVersion":"v1","kind":"List","items":[
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-1","namespace":"shop","labels":{"a":"b"}},
         "spec":{"initContainers":[{"name":"wait","image":"busybox:1"}],"containers":[{"name":"web","image":"acme/web:1"},
          {"name":"side","image":"side:1"}],"ephemeralContainers":[{"name":"debug","image":"debug:1"}]},
         "status":{"phase":"Running","initContainerStatuses":[{"name":"wait","image":"busybox:1","imageID":
          "docker-pullable://busybox@sha256:<A>"}],"containerStatuses":[{"name":"side","imageID":"sha256:<B>"},
          {"name":"web","imageID":"docker.io/acme/web@sha256:<C>"}],"ephemeralContainerStatuses":[{"name":"debug",
          "imageID":"docker://sha256:<D>"}]}},
        {"kind":"Pod","metadata":{"name":"new","namespace":"shop"},"spec":{"containers":[{"name":"a","image":"a:1"},
         {"name":"b","image":"b:1@sha256:<B>"}],"initContainers":null},"status":{"phase":"Pending","containerStatuses":[
         {"name":"a","imageID":""}]}},
        {"kind":"Pod","metadata":{"name":"job"},"spec":{"containers":[{"name":"x","image":"x:1"}]},"status":{"phase":"Succeeded"}}]}"#;
    let expected = [
        "Kubernetes",
        "shop/web-1/wait|busybox:1|a",
        "shop/web-1/web|acme/web:1|c",
        "shop/web-1/side|side:1|b",
        "shop/web-1/debug|debug:1|d",
        "shop/new/a|a:1|",
        "shop/new/b|b:1@sha256:HEX|b",
        "1 ended",
    ];
    assert_eq!(told(text), expected.map(|line| line.replace("HEX", &hex('b'))));
    let api = r#"{"kind":"PodList","items":[{"metadata":{"name":"w"},"spec":{"containers":[{"name":"c","image":"x"}]},
        "status":{"containerStatuses":[{"name":"c","imageID":"<A>"}]}}]}"#;
    assert_eq!(told(api), ["Kubernetes", "w/c|x|a"]);
}

#[test]
fn containers_and_images_are_read_as_docker_nerdctl_and_podman_print_them() {
    let lines = r#"{"ID":"4d2f8a90c1b7","Image":"nginx:1.27","Names":"web","State":"running","Status":"Up 3 hours","Labels":"a=b"}
        {"ID":"5d2f8a90c1b7","Image":"db@sha256:<A>","Names":"db","Status":"Up"}
        {"ID":"6d2f8a90c1b7","Image":"old:1","Names":"old","State":"exited"}"#;
    let pinned = format!("db|db@sha256:{}|a", hex('a'));
    assert_eq!(told(lines), ["Docker", "web|nginx:1.27|", &pinned, "1 ended"]);
    let inspected = r#"[{"Id":"<D>","Image":"sha256:<A>","Name":"/web","State":{"Status":"running","Running":true},
         "Config":{"Image":"nginx:1.27","Env":[]},"ImageManifestDescriptor":{"digest":"sha256:<B>"}},
        {"Id":"<D>","Image":"sha256:<A>","Name":"/off","State":{"Status":"exited"},"Config":{"Image":"nginx:1.27"}}]"#;
    assert_eq!(told(inspected), ["Docker", "web|nginx:1.27|ab", "1 ended"]);
    let nerdctl = r#"[{"Id":"<D>","Image":"docker.io/library/nginx:1.27","Name":"web","State":{"Status":"running"}}]"#;
    assert_eq!(told(nerdctl), ["Docker", "web|docker.io/library/nginx:1.27|"]);
    let podman = r#"[{"Id":"<D>","Image":"docker.io/library/nginx:1.27","ImageID":"<A>","Names":["web"],"State":"running"},
        {"Id":"<D>","Image":"<A>","ImageDigest":"sha256:<B>","ImageName":"nginx:1","Name":"one","State":{"Status":"running"}}]"#;
    assert_eq!(told(podman), ["Docker", "web|docker.io/library/nginx:1.27|a", "one|nginx:1|ab"]);
    let images = r#"[{"Id":"sha256:<A>","RepoTags":["nginx:1.27"],"RepoDigests":["nginx@sha256:<B>"],"Config":{"Env":[]}},
        {"Id":"sha256:<C>","RepoTags":[],"RepoDigests":[]}]"#;
    let untagged = format!("sha256:{0}|sha256:{0}|c", hex('c'));
    assert_eq!(told(images), ["Docker".to_owned(), format!("sha256:{}|nginx:1.27|ab", hex('a')), untagged]);
}

#[test]
fn runtimes_and_tasks_are_read() {
    let crictl = r#"{"containers":[{"id":"1","metadata":{"name":"web","attempt":0},"image":{"image":"sha256:<A>","annotations":{},
         "userSpecifiedImage":"acme/web:1"},"imageRef":"docker.io/acme/web@sha256:<B>","state":"CONTAINER_RUNNING",
         "labels":{"io.kubernetes.container.name":"web","io.kubernetes.pod.name":"web-1","io.kubernetes.pod.namespace":"shop"}},
        {"id":"2","image":{"image":"x"},"state":"CONTAINER_EXITED"},{"id":"3","image":{"image":"y:1"},"imageRef":"<C>"}]}"#;
    assert_eq!(told(crictl), ["Cri", "shop/web-1/web|acme/web:1|ab", "3|y:1|c", "1 ended"]);
    let tasks = r#"{"tasks":[{"taskArn":"arn:aws:ecs:eu:1:task/main/77","group":"service:web","lastStatus":"RUNNING","containers":[
         {"name":"web","image":"acme/web:1","imageDigest":"sha256:<A>","lastStatus":"RUNNING"},{"name":"side","image":"s:1"}]},
        {"lastStatus":"STOPPED","containers":[{"name":"x","image":"x"}]}],"failures":[]}"#;
    assert_eq!(told(tasks), ["Ecs", "service:web/77/web|acme/web:1|a", "service:web/77/side|s:1|", "1 ended"]);
    let definition = r#"{"taskDefinition":{"family":"web","revision":7,"containerDefinitions":[{"name":"a","image":"a@sha256:<A>"}]}}"#;
    assert_eq!(told(definition), ["Ecs".to_owned(), format!("web:7/a|a@sha256:{}|a", hex('a'))]);
}

#[test]
fn who_says_what_runs_is_told_once_and_only_where_something_is_told() {
    let text = r#"{"kind":"List","items":[]} {"Image":"a:1","Names":"x","State":"running"} {"Image":"b:1","State":"exited"}
        {"containers":[{"id":"1","image":{"image":"y:1"}}]} {"Image":"c:1","Names":"z","State":"running"}"#;
    assert_eq!(told(text), ["Docker", "Cri", "x|a:1|", "1|y:1|", "z|c:1|", "1 ended"]);
    assert_eq!(told(r#"{"Image":"b:1","State":"exited"}"#), ["Docker", "1 ended"]);
    let words = [Tool::Kubernetes, Tool::Docker, Tool::Cri, Tool::Ecs].map(Tool::words);
    let expected =
        ["pods of Kubernetes", "containers of Docker, nerdctl or Podman", "containers of crictl", "tasks of ECS"];
    assert_eq!(words, expected);
}

#[test]
fn what_a_runtime_calls_an_image_is_a_digest_where_it_has_one() {
    for (id, is_digest) in [
        (hex('a'), true),
        (format!("sha256:{}", hex('a')), true),
        (format!("x@sha256:{}", hex('a')), true),
        (format!("docker-pullable://x@sha256:{}", hex('a')), true),
        (hex('a')[1..].to_owned(), false),
        (hex('g'), false),
        ("x:1".to_owned(), false),
        (String::new(), false),
    ] {
        assert_eq!(digest(&id).is_some(), is_digest, "{id}");
    }
    // In a list, an image that was asked for by its digest has its name in front.
    for image in ["a/b@sha256:<A>", "b@sha256:<A>"] {
        let one = format!(r#"{{"Image":"{image}","Names":"x","State":"running"}}"#);
        let shown = image.replace("<A>", &hex('a'));
        assert_eq!(told(&one), ["Docker".to_owned(), format!("x|{shown}|a")]);
    }
}

#[test]
fn what_nobody_wrote_is_refused_and_named() {
    let deep = "[".repeat(100_000);
    for (text, says) in [
        ("", "names nothing that runs"),
        ("[]", "names nothing that runs"),
        (r#"{"kind":"List","items":[]}"#, "names nothing that runs"),
        ("{}", "of no tool that is read here"),
        (r#"{"kind":"List","items":[{"kind":"Deployment"}]}"#, "it is a `Deployment`"),
        (r#"{"kind":"Deployment","spec":{}}"#, "it is a `Deployment`"),
        ("x", "cannot be read"),
        ("{", "cannot be read"),
        ("7", "cannot be read: invalid type: integer `7`, expected an object, or a list of them"),
        (r#"{"kind":"List","spec":{}}"#, "it is a `List`"),
        (r#"{"kind":"Other","items":[]}"#, "it is a `Other`"),
        (r#"{"kind":"Pod","kind":"Pod"}"#, "cannot be read"),
        (r#"{"kind":"Pod","spec":7}"#, "cannot be read"),
        (&deep, "cannot be read"),
    ] {
        let error = running(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(says), "{says}: {error}");
    }
}
