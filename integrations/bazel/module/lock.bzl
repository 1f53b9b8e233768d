"""Reads images.lock: for this module's rules, and for rules that do their own pulling."""

load("//private:text.bzl", "consists_of", "show")

_LOWER = "abcdefghijklmnopqrstuvwxyz0123456789"
_HEX = "0123456789abcdef"
_MAX_NAME = 100
_VERSION = 1

_TEXTS = ["created", "revision", "source", "tag", "version"]
_LOCK = ["images", "version"]
_IMAGE = _TEXTS + ["base", "digest", "layout", "mediaType", "platforms", "registry", "repository", "request", "size"]
_PLATFORM = ["config", "digest", "mediaType", "size"]

def read_lock(ctx, file):
    """Reads a lock and checks all of it.

    Args:
      ctx: a `module_ctx` or `repository_ctx`. It watches the file from now on.
      file: the label of the lock.

    Returns:
      A dictionary from the image's name to a struct of

      * `registry`, `repository`: where the image is; None where it has a layout,
      * `layout`: the OCI layout directory, relative to the lock's; else None,
      * `reference`: `REGISTRY/REPOSITORY@DIGEST`, or the digest alone for a layout,
      * `digest`, `media_type`, `size`: of the index, or of the only manifest,
      * `tag`, `version`, `revision`, `source`, `created`: text for people, or None,
      * `platforms`: a dictionary from `os/arch[/variant]` to a struct of the
        manifest's `digest`, `media_type`, `size`, and `config`, a digest.
    """
    where = lock_name(file)
    if not ctx.path(file).exists:
        fail("imagelock: %s does not exist; run `imagelock lock`, or correct the label" % where)

    # `default` came to `json.decode` together with `getenv`.
    return parse_lock(ctx.read(file), where, {"default": None} if hasattr(ctx, "getenv") else {})

def lock_name(file):
    """Shortens the label of a lock for messages.

    Args:
      file: the label of the lock.

    Returns:
      The label as its own repository writes it.
    """
    text = str(file)
    for prefix in ["@@//", "@//"]:
        if text.startswith(prefix):
            return "//" + text[len(prefix):]
    return text

def parse_lock(text, where, decode_options = {}):
    """Checks the text of a lock.

    Args:
      text: the content of images.lock.
      where: what the messages call it.
      decode_options: arguments for `json.decode`, for the Bazel versions that have any.

    Returns:
      What `read_lock` returns.
    """
    if text.startswith("<<<<<<< ") or "\n<<<<<<< " in text:
        fail("imagelock: %s has conflict markers; take either side and run `imagelock lock`" % where)
    lock = json.decode(text, **decode_options)
    if type(lock) != "dict" or type(lock.get("version")) != "int":
        fail("imagelock: %s is not a lock: it must be a JSON object with a `version`; run `imagelock lock`" % where)
    if lock["version"] > _VERSION:
        fail("imagelock: %s has version %d, and this module reads version %d; update the Bazel module `imagelock`" % (
            where,
            lock["version"],
            _VERSION,
        ))
    if lock["version"] != _VERSION:
        fail("imagelock: %s has version %d, which never was; run `imagelock lock`" % (where, lock["version"]))
    _known(lock, _LOCK, where)
    images = _field(lock, "images", "dict", where)
    return {name: _image(name, images[name], where) for name in sorted(images.keys())}

def is_digest(text):
    """Checks for a digest that OCI registers, in its canonical form.

    Args:
      text: any string.

    Returns:
      Whether it is one.
    """
    algorithm, _, encoded = text.partition(":")
    return len(encoded) == {"sha256": 64, "sha512": 128}.get(algorithm, -1) and consists_of(encoded, _HEX)

def _known(object, keys, where):
    if type(object) != "dict":
        fail("imagelock: %s must be an object, and is %s; run `imagelock lock`" % (where, show(object)))
    for key in object:
        if key not in keys:
            fail("imagelock: %s: unknown key %s; update the Bazel module `imagelock`, or run `imagelock lock`" % (
                where,
                show(key),
            ))

def _field(object, key, kind, where, optional = False):
    value = object.get(key)
    if value == None and optional:
        return None
    if type(value) != kind:
        fail("imagelock: %s: `%s` must be %s, and is %s; run `imagelock lock`" % (
            where,
            key,
            {"dict": "an object", "int": "a whole number", "string": "a string"}[kind],
            "missing" if value == None else show(value),
        ))
    return value

def _digest(object, key, where):
    value = _field(object, key, "string", where)
    if not is_digest(value):
        fail("imagelock: %s: `%s` must be sha256: and 64 hexadecimal digits, and is %s; run `imagelock lock`" % (
            where,
            key,
            show(value),
        ))
    return value

def _is_name(text):
    return consists_of(text, _LOWER + "._-") and text[0] in _LOWER and text[-1] in _LOWER

def _is_repository(text):
    return all([_is_name(part) for part in text.split("/")])

def _is_registry(text):
    return consists_of(text, _LOWER + ".-:[]_") and text[0] in _LOWER + "["

def _is_platform(text):
    parts = text.split("/")
    return len(parts) in [2, 3] and all([consists_of(part, _LOWER + "._-") for part in parts])

def _image(name, entry, where):
    if len(name) > _MAX_NAME or not _is_name(name):
        fail("imagelock: %s: %s is not an image's name; run `imagelock lock`" % (where, show(name)))
    where = "%s: image `%s`" % (where, name)
    _known(entry, _IMAGE, where)
    digest = _digest(entry, "digest", where)
    layout = _field(entry, "layout", "string", where, optional = True)
    registry = _field(entry, "registry", "string", where, optional = layout != None)
    repository = _field(entry, "repository", "string", where, optional = layout != None)
    if layout != None and (registry != None or repository != None):
        fail("imagelock: %s has both a layout and a repository; run `imagelock lock`" % where)
    if layout == None and not (_is_registry(registry) and _is_repository(repository)):
        fail("imagelock: %s: %s is not a repository; run `imagelock lock`" % (where, show(registry + "/" + repository)))
    platforms = _field(entry, "platforms", "dict", where)
    return struct(
        registry = registry,
        repository = repository,
        layout = layout,
        reference = digest if layout != None else "%s/%s@%s" % (registry, repository, digest),
        digest = digest,
        media_type = _field(entry, "mediaType", "string", where),
        size = _field(entry, "size", "int", where),
        platforms = {key: _platform(key, platforms[key], where) for key in sorted(platforms.keys())},
        **{
            key: _field(entry, key, "string", where, optional = True)
            for key in _TEXTS
        }
    )

def _platform(name, entry, where):
    if not _is_platform(name):
        fail("imagelock: %s: %s is not a platform; run `imagelock lock`" % (where, show(name)))
    where = "%s: platform %s" % (where, name)
    _known(entry, _PLATFORM, where)
    return struct(
        digest = _digest(entry, "digest", where),
        media_type = _field(entry, "mediaType", "string", where),
        size = _field(entry, "size", "int", where),
        config = _digest(entry, "config", where),
    )
