"""The same for a WORKSPACE, in two steps, because a macro there cannot read a file.

    load("@imagelock//:repositories.bzl", "images_lock")
    images_lock(name = "images", file = "//:images.lock")
    load("@images//:repositories.bzl", "pull_images")
    pull_images()
"""

load("//:lock.bzl", "lock_name", "read_lock")
load("//private:hub.bzl", "EXPORTS", "build_file", "check_names", "entry", "images_file", "plan", "write")
load("//private:text.bzl", "quote")

def _images_lock_impl(rctx):
    # The namespace of a WORKSPACE is one for all: two hubs do not share repositories there.
    prefix = rctx.name + "_img_"
    images = read_lock(rctx, rctx.attr.file)
    where = lock_name(rctx.attr.file)
    check_names(images, where)
    write(rctx, "BUILD.bazel", EXPORTS)
    write(rctx, "images.bzl", images_file(images))
    for name, image in images.items():
        content = build_file(**entry(name, image, where, prefix, rctx.attr.any_platform))
        write(rctx, name + "/BUILD.bazel", content)
    repositories = plan(
        images,
        rctx.attr.file,
        prefix,
        sources = rctx.attr.sources,
        vendor = rctx.attr.vendor,
        insecure = rctx.attr.insecure,
    )
    lines = ['load("@imagelock//private:image.bzl", "image")\n', "\n", "def pull_images():\n"]
    for name, attributes in repositories.items():
        lines.append("    image(\n        name = %s,\n" % quote(name))
        for key, value in attributes.items():
            lines.append("        %s = %s,\n" % (key, _literal(value)))
        lines.append("    )\n")
    if not repositories:
        lines.append("    pass\n")
    write(rctx, "repositories.bzl", "".join(lines))

def _literal(value):
    if type(value) == "int":
        return str(value)
    if type(value) == "list":
        return "[%s]" % ", ".join([quote(str(item)) for item in value])
    return quote(str(value))

images_lock = repository_rule(
    implementation = _images_lock_impl,
    attrs = {
        "any_platform": attr.bool(doc = "Give an image to targets of other operating systems too."),
        "file": attr.label(mandatory = True, doc = "The lock."),
        "insecure": attr.string_list(doc = "Hosts beyond loopback that may be asked by plain HTTP."),
        "sources": attr.string_list_dict(doc = "From a registry to mirrors, `[https://]HOST[/PREFIX]`, asked before it."),
        "vendor": attr.label(doc = "The `oci-layout` file of an OCI layout that is asked before any registry."),
    },
    doc = "A hub for a lock, with a `repositories.bzl` that declares its images.",
)
