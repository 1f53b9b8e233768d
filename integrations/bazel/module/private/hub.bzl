"""The hub: a package for each image of a lock, and nothing that needs a network."""

load("//:lock.bzl", "lock_name", "read_lock")
load(":image.bzl", "image_attributes")
load(":platforms.bzl", "choices", "target_name")
load(":sources.bzl", "base_urls")
load(":text.bzl", "consists_of", "quote")

# Targets that each image's package has beside the image and its platforms.
FIXED_TARGETS = ["config", "digest", "layout", "manifest", "reference"]

# Files of the hub's own folder, on a file system that takes upper and lower case for one.
_FILES = ["build.bazel", "images.bzl", "repositories.bzl", "workspace"]

_PATH = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,-./=@_~"

def check_names(images, where):
    """Fails where two things of a hub have one name.

    Args:
      images: what `read_lock` returned.
      where: the lock, for messages.
    """
    for name, image in images.items():
        prefix = "imagelock: %s: image `%s`" % (where, name)
        if name in _FILES:
            fail("%s has the name of the hub's own file `%s`; give the image another name in images.toml" % (prefix, name))
        if name in FIXED_TARGETS:
            fail("%s and its target `:%s` have one name; give the image another name in images.toml" % (prefix, name))
        targets = {}
        for platform in image.platforms:
            target = target_name(platform)
            if target == name or target in FIXED_TARGETS:
                fail("%s and its platform %s have one target, `:%s`; give the image another name in images.toml" % (
                    prefix,
                    platform,
                    target,
                ))
            if target in targets:
                fail("%s: the platforms %s and %s have one target, `:%s`; lock one of them" % (
                    prefix,
                    targets[target],
                    platform,
                    target,
                ))
            targets[target] = platform

def repository_name(prefix, digest):
    """Returns the name of the repository that holds a manifest and its blobs.

    Args:
      prefix: what the names begin with.
      digest: the manifest's.
    """
    return prefix + digest.partition(":")[2][:16]

def obstacle(image, platform):
    """Finds why a platform of an image cannot be had.

    Args:
      image: one of what `read_lock` returned.
      platform: one of the image's platforms.

    Returns:
      The end of a sentence, or None.
    """
    if not image.platforms[platform].digest.startswith("sha256:"):
        return "its digest is not sha256, and Bazel checks no other"
    if not image.platforms[platform].config.startswith("sha256:"):
        return "its config's digest is not sha256, and Bazel checks no other"
    if image.layout != None:
        parts = image.layout.split("/")
        if not consists_of(image.layout, _PATH) or "" in parts or ".." in parts:
            return "its layout %s is not in the lock's folder, or its path is not one of a Bazel label" % quote(image.layout)
    return None

def plan(images, file, prefix, sources, vendor, insecure):
    """Returns the repositories that the images of a lock need.

    Args:
      images: what `read_lock` returned.
      file: the lock's label.
      prefix: what the repositories' names begin with.
      sources: as in `base_urls`.
      vendor: the label of a file in an OCI layout that is asked first, or None.
      insecure: as in `base_urls`.

    Returns:
      A dictionary from the repository's name to its attributes.
    """
    repositories, bases = {}, {}
    where = lock_name(file)
    for name, image in images.items():
        registry = image.registry
        if registry != None and registry not in bases:
            bases[registry] = base_urls(registry, sources, insecure)
        for platform, manifest in image.platforms.items():
            if obstacle(image, platform) == None:
                repository = repository_name(prefix, manifest.digest)
                attributes = image_attributes(name, image, platform, file, where, bases.get(registry, []), vendor)
                merge(repositories, repository, attributes)
    return repositories

def merge(repositories, name, attributes):
    """Adds a repository to those that are there: two images may share a manifest.

    Args:
      repositories: what `plan` returned; it is changed.
      name: the repository's name.
      attributes: the repository's attributes.
    """
    there = repositories.setdefault(name, attributes)
    if there["digest"] != attributes["digest"]:
        fail("imagelock: the manifests %s of image `%s` and %s of image `%s` begin alike; this module cannot hold both" % (
            there["digest"],
            there["images"][0],
            attributes["digest"],
            attributes["images"][0],
        ))
    for key in ["images", "sources", "vendor"]:
        there[key] = there[key] + [value for value in attributes[key] if value not in there[key]]

def entry(name, image, where, prefix, any_platform):
    """Reduces an image to what its BUILD file depends on.

    Args:
      name: the image's.
      image: one of what `read_lock` returned.
      where: the lock, for messages.
      prefix: what the names of the repositories with blobs begin with.
      any_platform: as in `choices`.

    Returns:
      The arguments of `build_file`, which are attributes of the rule `images_entry` too.
    """
    obstacles = {platform: obstacle(image, platform) for platform in image.platforms}
    return {
        "image": name,
        "digest": image.digest,
        "reference": image.reference,
        "lock": where,
        "prefix": prefix,
        "any_platform": any_platform,
        "platforms": {platform: manifest.digest for platform, manifest in image.platforms.items()},
        "obstacles": {platform: reason for platform, reason in obstacles.items() if reason},
    }

def targets_of(image):
    """Returns the names of the targets that an image's package has, but for the image's own.

    Args:
      image: one of what `read_lock` returned.
    """
    return FIXED_TARGETS + [target_name(platform) for platform in image.platforms]

def build_file(image, digest, reference, lock, prefix, any_platform, platforms, obstacles):
    """Renders the BUILD file of an image.

    Args:
      image: the image's name.
      digest: the lock's.
      reference: the lock's.
      lock: the lock, for messages.
      prefix: what the names of the repositories with blobs begin with.
      any_platform: as in `choices`.
      platforms: a dictionary from the platform to its manifest's digest.
      obstacles: a dictionary from a platform to what `obstacle` returned.

    Returns:
      The file's content.
    """
    names = sorted(platforms.keys())
    fitting = [platform for platform in names if platform not in obstacles]
    repositories = {platform: repository_name(prefix, platforms[platform]) for platform in fitting}
    return """load("@imagelock//private:defs.bzl", "locked_image")

locked_image(
    name = {name},
    choices = {choices},
    targets = {targets},
    digest = {digest},
    reference = {reference},
    message = {message},
    obstacles = {obstacles},
)
""".format(
        name = quote(image),
        choices = _dictionary({
            condition: repositories[platform]
            for condition, platform in choices(fitting, any_platform).items()
        }),
        targets = _dictionary({target_name(platform): repositories[platform] for platform in fitting}),
        digest = quote(digest),
        reference = quote(reference),
        message = quote(_no_match(image, names, lock)),
        obstacles = _dictionary({
            target_name(platform): "imagelock: image `%s` (%s, %s) cannot be had: %s" % (image, platform, lock, reason)
            for platform, reason in obstacles.items()
        }),
    )

def _no_match(name, platforms, where):
    if not platforms:
        return "imagelock: image `%s` (%s) is locked without a platform; run `imagelock lock`" % (name, where)
    return (
        "imagelock: image `%s` is locked for %s (%s), and the target platform is none of them. " +
        "Add the platform to images.toml and run `imagelock lock`, build for a locked one with --platforms, " +
        "or name one: %s"
    ) % (
        name,
        ", ".join(platforms),
        where,
        ", ".join(["`%s:%s`" % (name, target_name(platform)) for platform in platforms]),
    )

def _dictionary(pairs):
    lines = ["        %s: %s,\n" % (quote(key), quote(value)) for key, value in pairs.items()]
    return "{\n%s    }" % "".join(lines) if lines else "{}"

def images_file(images):
    """Renders images.bzl: what macros may want to know, without a network.

    Args:
      images: what `read_lock` returned.

    Returns:
      The file's content.
    """
    lines = ['"""The images of the lock, for macros that need text only."""\n\n', "IMAGES = {\n"]
    for name, image in images.items():
        lines.append("    %s: struct(\n" % quote(name))
        for field in ["reference", "registry", "repository", "tag", "digest", "version", "revision", "source", "created"]:
            value = getattr(image, field)
            lines.append("        %s = %s,\n" % (field, "None" if value == None else quote(value)))
        lines.append("        platforms = {\n")
        for platform, manifest in image.platforms.items():
            lines.append("            %s: %s,\n" % (quote(platform), quote(manifest.digest)))
        lines.append("        },\n    ),\n")
    lines.append("}\n")
    return "".join(lines)

def write(rctx, path, content):
    """Writes a file that is not executable.

    Args:
      rctx: the `repository_ctx`.
      path: the file's, in the repository.
      content: ASCII text.
    """
    rctx.file(path, content, executable = False)

# The extension's repositories with blobs begin with this, whatever the hub is called.
IMAGE_PREFIX = "img_"

def _hub_impl(rctx):
    write(rctx, "BUILD.bazel", EXPORTS)
    write(rctx, "images.bzl", """load("@{strings}//:images.bzl", _images = "IMAGES")

IMAGES = _images
""".format(strings = strings_name(rctx.attr.hub)))
    for image, targets in rctx.attr.targets.items():
        write(rctx, image + "/BUILD.bazel", """load("@imagelock//private:defs.bzl", "hub_package")

hub_package(
    name = {name},
    repository = {repository},
    targets = [{targets}],
)
""".format(
            name = quote(image),
            repository = quote(entry_name(rctx.attr.hub, image)),
            targets = ", ".join([quote(target) for target in targets]),
        ))

EXPORTS = 'exports_files(["images.bzl"], visibility = ["//visibility:public"])\n'

def entry_name(hub, image):
    """Returns the name of the repository with an image's targets.

    Args:
      hub: the hub's name.
      image: the image's name.
    """
    return "%s.image.%s" % (hub, image)

def strings_name(hub):
    """Returns the name of the repository with images.bzl.

    Args:
      hub: the hub's name.
    """
    return hub + ".strings"

# Three rules, so that a change of one image writes two small files again and not the whole hub.
images_hub = repository_rule(
    implementation = _hub_impl,
    attrs = {
        "hub": attr.string(mandatory = True, doc = "The name by which the extension knows this repository."),
        "targets": attr.string_list_dict(mandatory = True, doc = "From the image's name to its targets."),
    },
    doc = "A package for each image of a lock, with names for what other repositories hold.",
)

def _strings_impl(rctx):
    write(rctx, "BUILD.bazel", EXPORTS)
    write(rctx, "images.bzl", images_file(read_lock(rctx, rctx.attr.file)))

images_strings = repository_rule(
    implementation = _strings_impl,
    attrs = {"file": attr.label(mandatory = True, doc = "The lock.")},
    doc = "What the lock says, as a .bzl file.",
)

_ENTRY = {
    "any_platform": attr.bool(doc = "Give the image to targets of other operating systems too."),
    "digest": attr.string(mandatory = True, doc = "The lock's digest."),
    "image": attr.string(mandatory = True, doc = "The image's name."),
    "lock": attr.string(mandatory = True, doc = "The lock, for messages."),
    "obstacles": attr.string_dict(doc = "Why a platform cannot be had."),
    "platforms": attr.string_dict(doc = "From a platform to its manifest's digest."),
    "prefix": attr.string(mandatory = True, doc = "What the names of the repositories with blobs begin with."),
    "reference": attr.string(mandatory = True, doc = "The lock's reference."),
}

def _entry_impl(rctx):
    write(rctx, "BUILD.bazel", build_file(**{key: getattr(rctx.attr, key) for key in _ENTRY}))

images_entry = repository_rule(
    implementation = _entry_impl,
    attrs = _ENTRY,
    doc = "The targets of one image.",
)
