"""Calls the rule `pull` of rules_img for each image of the lock."""

load("@imagelock//:lock.bzl", "read_lock")
load("@rules_img//img:pull.bzl", "pull")

def _img_images_impl(mctx):
    for name, image in read_lock(mctx, Label("//:images.lock")).items():
        if image.registry == None:
            continue  # in a layout of this repository, which only `@images` reads
        pull(
            name = "img_" + name,
            digest = image.digest,
            registry = "index.docker.io" if image.registry == "docker.io" else image.registry,
            repository = image.repository,
            tag = image.tag or "",
        )
    return mctx.extension_metadata(reproducible = True)

img_images = module_extension(implementation = _img_images_impl)
