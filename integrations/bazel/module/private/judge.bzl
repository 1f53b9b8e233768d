"""Whether what is locked is an answer to its own request, as docs/spec/images-lock-1.md says.

Starlark has no regular expressions: whether a tag is one that a rule admits is left to `imagelock lock --locked`.
"""

load(":text.bzl", "show")

_OCI = "application/vnd.oci.image."
_DOCKER = "application/vnd.docker.distribution.manifest."

# The media types of a manifest, which is an image for one platform.
MANIFESTS = [_OCI + "manifest.v1+json", _DOCKER + "v2+json"]

# The media types of an index, which has a manifest for each platform.
INDEXES = [_OCI + "index.v1+json", _DOCKER + "list.v2+json"]

_RULE = ["select", "tags", "version"]

# Keys of a rule that say how those are read, since version 2 of the format.
_MORE = ["dialect", "exclude", "prerelease", "scheme"]

def judge(image, request, where):
    """Fails where what is locked contradicts its request.

    Args:
      image: the entry of an image, whose shape was checked.
      request: its request, likewise.
      where: what the messages call the image.
    """
    asked = [key for key in ["digest", "layout", "repository", "tag"] + _RULE + _MORE if key in request]
    ruled = [key for key in asked if key in _RULE]
    if ruled:
        fits = [key for key in asked if key not in _RULE + _MORE] == ["repository"]
    else:
        fits = asked in [
            ["digest", "repository"],
            ["digest", "repository", "tag"],
            ["layout"],
            ["layout", "tag"],
            ["repository", "tag"],
        ]
    if not fits:
        _refuse(where, "the request asks for %s" % (" and ".join(asked) or "nothing"))
    layout = image.get("layout")
    _equal(
        where,
        "in",
        layout if layout != None else image["registry"] + "/" + image["repository"],
        request.get("layout", request.get("repository")),
    )
    if ("layout" in request) != (layout != None):
        _refuse(where, "it is %s a layout, and its request is not" % ("in" if layout != None else "not in"))
    if "digest" in request:
        _equal(where, "locked to", image["digest"], request["digest"])
    if not ruled:
        _equal(where, "locked with the tag", image.get("tag"), request.get("tag"))
    elif "tag" not in image:
        _refuse(where, "its request chooses a tag, and it has none")
    if "platforms" in request:
        _equal(where, "locked for", sorted(image["platforms"].keys()), sorted(request["platforms"]))
    _judge_manifests(image, where)

def _judge_manifests(image, where):
    digest, platforms = image["digest"], image["platforms"]
    if not platforms:
        _refuse(where, "it is locked for no platform")
    if image["mediaType"] in INDEXES:
        for platform, manifest in platforms.items():
            if manifest["digest"] == digest:
                _refuse(where, "it is an index, and its platform %s has the same digest" % platform)
        return
    if len(platforms) != 1:
        _refuse(where, "it is one manifest, and has %d platforms" % len(platforms))
    for platform, manifest in platforms.items():
        for key in ["digest", "mediaType", "size"]:
            if manifest[key] != image[key]:
                _refuse(where, "it is one manifest with the %s %s, and its platform %s has %s" % (
                    key,
                    show(image[key]),
                    platform,
                    show(manifest[key]),
                ))

def _equal(where, is_what, locked, asked):
    if locked != asked:
        _refuse(where, "it is %s %s, and its request asks for %s" % (is_what, show(locked), show(asked)))

def _refuse(where, reason):
    fail("imagelock: %s contradicts itself: %s; restore the lock from version control, or take the image out of it and run `imagelock lock`" % (
        where,
        reason,
    ))
