"""Pulls. oci_pull(image = "text") is text."""
load("@rules_img//img:pull.bzl", "pull")
VERSION = "1.27"
BASE = "docker.io/library/" + "nginx"
IMAGES = {"a": "1", "b": "2"}

def images():
    pull(
        name = "nginx",
        registry = "index.docker.io",
        repository = "library/nginx",
        tag = VERSION,
    )
    pull(name = "base", repository = BASE, tag = "1")
    [oci_pull(name = n, image = "acme/" + n, tag = t) for n, t in IMAGES.items()]

def oci_pull(name, image = "default", **kwargs):
    native.alias(name = name, actual = image)
