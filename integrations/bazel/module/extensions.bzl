"""The extension that gives a hub of repositories for each lock."""

load("//:lock.bzl", "lock_name", "read_lock")
load(
    "//private:hub.bzl",
    "IMAGE_PREFIX",
    "check_names",
    "entry",
    "entry_name",
    "images_entry",
    "images_hub",
    "images_strings",
    "merge",
    "plan",
    "strings_name",
    "targets_of",
)
load("//private:image.bzl", "image")

_lock = tag_class(
    attrs = {
        "any_platform": attr.bool(
            doc = "Give an image to targets of other operating systems too, and one with a single platform to all.",
        ),
        "file": attr.label(mandatory = True, doc = "The lock, usually `//:images.lock`."),
        "insecure": attr.string_list(
            doc = "Hosts beyond loopback that may be asked by plain HTTP. Counts in the root module only.",
        ),
        "name": attr.string(doc = "The hub's name: `images` by default. A module that is not the root must give one."),
        "sources": attr.string_list_dict(
            doc = "From a registry to mirrors, `[https://]HOST[/PREFIX]`, asked before it. Counts in the root module only.",
        ),
        "vendor": attr.label(doc = "The `oci-layout` file of an OCI layout that is asked before any registry."),
    },
    doc = "Gives a hub for a lock.",
)

def _hub_name(module, tag):
    if tag.name:
        return tag.name
    if not module.is_root:
        fail("imagelock: the module `%s` is not the root: its `images.lock` tag must have a name, such as `%s_images`" % (
            module.name,
            module.name,
        ))
    return "images"

def _images_impl(mctx):
    hubs, repositories = {}, {}
    direct, direct_dev = [], []
    for module in mctx.modules:
        for tag in module.tags.lock:
            name = _hub_name(module, tag)
            if name in hubs:
                fail("imagelock: the modules `%s` and `%s` both ask for a hub `%s`; give one of them another name" % (
                    hubs[name],
                    module.name,
                    name,
                ))
            hubs[name] = module.name
            if module.is_root:
                (direct_dev if mctx.is_dev_dependency(tag) else direct).append(name)
            images = read_lock(mctx, tag.file)
            _declare_hub(name, images, tag)
            for repository, attributes in _plan(images, module, tag).items():
                merge(repositories, repository, attributes)
    for name, attributes in repositories.items():
        image(name = name, **attributes)
    return mctx.extension_metadata(
        root_module_direct_deps = direct,
        root_module_direct_dev_deps = direct_dev,
        # A function of files that are watched: there is nothing for MODULE.bazel.lock to keep.
        reproducible = True,
    )

def _declare_hub(hub, images, tag):
    where = lock_name(tag.file)
    check_names(images, where)
    images_hub(name = hub, hub = hub, targets = {name: targets_of(image) for name, image in images.items()})
    images_strings(name = strings_name(hub), file = tag.file)
    for name, image in images.items():
        images_entry(
            name = entry_name(hub, name),
            **entry(name, image, where, IMAGE_PREFIX, tag.any_platform)
        )

def _plan(images, module, tag):
    return plan(
        images,
        tag.file,
        IMAGE_PREFIX,
        sources = tag.sources if module.is_root else {},
        vendor = tag.vendor,
        insecure = tag.insecure if module.is_root else [],
    )

images = module_extension(
    implementation = _images_impl,
    tag_classes = {"lock": _lock},
    doc = "Container images pinned by images.lock. It reads files and makes no request.",
)
