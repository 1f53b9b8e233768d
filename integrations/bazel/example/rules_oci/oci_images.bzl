"""Calls oci_pull for each image of the lock."""

load("@imagelock//:lock.bzl", "read_lock")
load("@rules_oci//oci:pull.bzl", "oci_pull")

def _oci_images_impl(mctx):
    for name, image in read_lock(mctx, Label("//:images.lock")).items():
        if image.registry == None:
            continue  # in a layout of this repository, which only `@images` reads
        oci_pull(
            name = "oci_" + name,
            digest = image.digest,
            is_bzlmod = True,
            platforms = image.platforms.keys(),
            registry = "index.docker.io" if image.registry == "docker.io" else image.registry,
            repository = image.repository,
        )
    return mctx.extension_metadata(reproducible = True)

oci_images = module_extension(implementation = _oci_images_impl)
