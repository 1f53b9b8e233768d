"""One platform of an image: its manifest, config and layers, as an OCI image layout."""

load(":download.bzl", "fetch_blobs", "fetch_one", "new_pull")

_INDEX = "application/vnd.oci.image.index.v1+json"

# Configs that say which platform they are of; an artifact's config may be anything.
_CONFIGS = [
    "application/vnd.docker.container.image.v1+json",
    "application/vnd.oci.image.config.v1+json",
]

def image_attributes(name, image, platform, file, where, bases, vendor):
    """Returns the attributes of the `image` rule.

    Args:
      name: the image's name.
      image: one of what `read_lock` returned.
      platform: one of the image's platforms.
      file: the lock's label.
      where: the lock, for messages.
      bases: what `base_urls` returned for the image's registry.
      vendor: the label of a file in an OCI layout that is asked first, or None.
    """
    manifest = image.platforms[platform]
    return {
        "images": [name],
        "lock": where,
        "platform": platform,
        "digest": manifest.digest,
        "media_type": manifest.media_type,
        "size": manifest.size,
        "config": manifest.config,
        "sources": [base + image.repository for base in bases] if image.layout == None else [],
        "vendor": [_layout_file(file, image.layout)] if image.layout != None else ([vendor] if vendor else []),
    }

def _layout_file(file, layout):
    folder = file.name.rpartition("/")[0]
    name = "%s%s/oci-layout" % (folder + "/" if folder else "", layout)
    return file.same_package_label(name) if hasattr(file, "same_package_label") else file.relative(":" + name)

def _image_impl(rctx):
    attrs = rctx.attr
    pull = new_pull(rctx)
    manifest_path = _blob(attrs.digest)
    fetch_one(pull, "manifest", attrs.digest, manifest_path)
    manifest = json.decode(rctx.read(manifest_path))
    config, layers = _parts(pull, manifest)

    fetch_one(pull, "config", config["digest"], _blob(config["digest"]))
    if config.get("mediaType") in _CONFIGS:
        _check_platform(pull, json.decode(rctx.read(_blob(config["digest"]))))
    fetch_blobs(pull, {digest: _blob(digest) for digest in layers if digest != config["digest"]})

    _write(rctx, "oci/oci-layout", json.encode({"imageLayoutVersion": "1.0.0"}))
    _write(rctx, "oci/index.json", json.encode(_index(attrs)))
    _write(rctx, "BUILD.bazel", _build_file(attrs.digest, config["digest"], layers))

    # Bazel 8.3 and later may keep such a repository beyond this workspace.
    return rctx.repo_metadata(reproducible = True) if hasattr(rctx, "repo_metadata") else None

def _blob(digest):
    return "oci/blobs/sha256/" + digest[len("sha256:"):]

def _write(rctx, path, content):
    rctx.file(path, content, executable = False)

def _parts(pull, manifest):
    if type(manifest) != "dict" or type(manifest.get("config")) != "dict" or type(manifest.get("layers")) != "list":
        fail("%s: the manifest has no config or no layers; lock an image, not an index or an artifact" % pull.subject)
    for part in [manifest["config"]] + manifest["layers"]:
        digest = part.get("digest") if type(part) == "dict" else None
        encoded = digest[len("sha256:"):] if type(digest) == "string" and digest.startswith("sha256:") else ""
        if len(encoded) != 64 or encoded.strip("0123456789abcdef"):
            fail("%s: the manifest names a blob whose digest is not sha256, and Bazel checks no other" % pull.subject)
    if manifest["config"]["digest"] != pull.rctx.attr.config:
        fail("%s: the manifest's config is %s and the lock's is %s; run `imagelock lock`" % (
            pull.subject,
            manifest["config"]["digest"],
            pull.rctx.attr.config,
        ))

    # An image may have one layer twice. Its blob is one.
    return manifest["config"], {layer["digest"]: True for layer in manifest["layers"]}.keys()

def _check_platform(pull, config):
    os, architecture, variant = (pull.rctx.attr.platform.split("/") + [""])[:3]
    found = config if type(config) == "dict" else {}
    if found.get("os") == os and found.get("architecture") == architecture:
        # Many configs leave the variant out; one that is there must be the lock's.
        if not found.get("variant") or not variant or found["variant"] == variant:
            return
    fail("%s: the config is of %s; the publisher's index is wrong, or the lock: run `imagelock lock`" % (
        pull.subject,
        "/".join([str(found.get(key)) for key in ["os", "architecture", "variant"] if found.get(key)]) or "no platform",
    ))

def _index(attrs):
    os, architecture, variant = (attrs.platform.split("/") + [""])[:3]
    platform = {"architecture": architecture, "os": os}
    if variant:
        platform["variant"] = variant
    return {
        "schemaVersion": 2,
        "mediaType": _INDEX,
        "manifests": [{
            "mediaType": attrs.media_type,
            "digest": attrs.digest,
            "size": attrs.size,
            "platform": platform,
        }],
    }

def _build_file(manifest, config, layers):
    return """load("@imagelock//private:defs.bzl", "image_directory")

package(default_visibility = ["//visibility:public"])

image_directory(
    name = "image",
    blobs = glob(["oci/blobs/sha256/*"]),
    index = "oci/index.json",
    oci_layout = "oci/oci-layout",
)

filegroup(
    name = "layout",
    srcs = ["oci"],
)

filegroup(
    name = "manifest",
    srcs = ["{manifest}"],
)

filegroup(
    name = "config",
    srcs = ["{config}"],
)

filegroup(
    name = "layers",
    srcs = [{layers}],
)
""".format(
        manifest = _blob(manifest),
        config = _blob(config),
        layers = ", ".join(["\"%s\"" % _blob(layer) for layer in layers]),
    )

image = repository_rule(
    implementation = _image_impl,
    attrs = {
        "config": attr.string(mandatory = True, doc = "The digest of the config."),
        "digest": attr.string(mandatory = True, doc = "The digest of the manifest."),
        "images": attr.string_list(mandatory = True, doc = "The names of the images, for messages."),
        "lock": attr.string(mandatory = True, doc = "The lock, for messages."),
        "media_type": attr.string(mandatory = True, doc = "The media type of the manifest."),
        "platform": attr.string(mandatory = True, doc = "The platform that the lock has."),
        "size": attr.int(mandatory = True, doc = "The size of the manifest."),
        "sources": attr.string_list(doc = "The addresses of the repository, in the order in which they are asked."),
        "vendor": attr.label_list(doc = "Files of the top folder of OCI layouts that are asked first."),
    },
    doc = "One platform of an image. The attributes are a function of its own entry: no other's change fetches it again.",
)
