"""Reads images.lock: for this module's rules, and for rules that do their own pulling."""

load(
    "//private:grammar.bzl",
    "is_digest",
    "is_layout",
    "is_name",
    "is_platform",
    "is_registry",
    "is_repository",
    "is_tag",
)
load("//private:judge.bzl", "INDEXES", "MANIFESTS", "judge")
load("//private:text.bzl", "consists_of", "show")

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

# The newest version that is read. Version 1 has fewer keys of requests, and is read alike.
_VERSION = 2

# Keys that have the same value in every image, or none.
_TEXTS = ["revision", "source", "version"]

_REQUEST_TEXTS = ["dialect", "digest", "layout", "repository", "scheme", "select", "tag", "tags", "version"]

# Every key of the format, wherever it stands.
_KEYS = {key: None for key in [
    "base",
    "bundle",
    "config",
    "created",
    "dialect",
    "digest",
    "exclude",
    "extends",
    "identity",
    "images",
    "issuer",
    "key",
    "layout",
    "mediaType",
    "name",
    "path",
    "platforms",
    "prerelease",
    "registry",
    "repository",
    "request",
    "revision",
    "scheme",
    "select",
    "signatures",
    "size",
    "source",
    "tag",
    "tags",
    "version",
]}
_LOWER_KEYS = {key.lower(): key for key in _KEYS}

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
        fail("imagelock: %s has version %d, and this module reads up to version %d; update the Bazel module `imagelock`" % (
            where,
            lock["version"],
            _VERSION,
        ))
    if lock["version"] < 1:
        fail("imagelock: %s has version %d, which never was; run `imagelock lock`" % (where, lock["version"]))
    _known(lock, where)
    _extends(lock, where)
    images = _field(lock, "images", "dict", where)
    return {name: _image(name, images[name], where) for name in sorted(images.keys())}

def _known(object, where):
    if type(object) != "dict":
        fail("imagelock: %s must be an object, and is %s; run `imagelock lock`" % (where, show(object)))
    for key in object:
        if key in _KEYS:
            continue
        known = _LOWER_KEYS.get(key.lower())
        if known != None:
            fail("imagelock: %s: the key %s differs from `%s` in nothing but case; restore the lock from version control" % (
                where,
                show(key),
                known,
            ))
        if not consists_of(key, _LETTERS):
            fail("imagelock: %s: %s is not a key; restore the lock from version control" % (where, show(key)))

def _field(object, key, kind, where, optional = False):
    value = object.get(key)
    if optional and key not in object:
        return None
    if type(value) != kind or kind == "int" and value < 0:
        fail("imagelock: %s: `%s` must be %s, and is %s; run `imagelock lock`" % (
            where,
            key,
            {"dict": "an object", "int": "a whole number", "string": "a string"}[kind],
            "missing" if value == None else show(value),
        ))
    return value

def _text(object, key, where, fits, what, optional = False):
    value = _field(object, key, "string", where, optional)
    if value != None and not fits(value):
        fail("imagelock: %s: `%s` must be %s, and is %s; run `imagelock lock`" % (where, key, what, show(value)))
    return value

def _digest(object, key, where, optional = False):
    return _text(object, key, where, is_digest, "sha256: and 64 hexadecimal digits", optional)

def _is_media_type(text):
    return text in INDEXES + MANIFESTS

def _is_manifest(text):
    return text in MANIFESTS

def _is_created(text):
    return consists_of(text, "0123456789-T:Z") and len(text) == 20 and text[-1] == "Z"

def _image(name, entry, where):
    if not is_name(name):
        fail("imagelock: %s: %s is not an image's name; run `imagelock lock`" % (where, show(name)))
    where = "%s: image `%s`" % (where, name)
    _known(entry, where)
    digest = _digest(entry, "digest", where)
    layout = _text(entry, "layout", where, is_layout, "a path in the lock's folder", optional = True)
    registry = _text(entry, "registry", where, is_registry, "a registry's host", optional = layout != None)
    repository = _text(entry, "repository", where, is_repository, "a repository's path", optional = layout != None)
    if layout != None and (registry != None or repository != None):
        fail("imagelock: %s has both a layout and a repository; run `imagelock lock`" % where)
    platforms = _field(entry, "platforms", "dict", where)
    media_type = _text(entry, "mediaType", where, _is_media_type, "an image's media type")
    read = struct(
        registry = registry,
        repository = repository,
        layout = layout,
        reference = digest if layout != None else "%s/%s@%s" % (registry, repository, digest),
        digest = digest,
        media_type = media_type,
        size = _field(entry, "size", "int", where),
        platforms = {key: _platform(key, platforms[key], where) for key in sorted(platforms.keys())},
        tag = _text(entry, "tag", where, is_tag, "a tag", optional = True),
        created = _text(entry, "created", where, _is_created, "a time", optional = True),
        **{
            key: _field(entry, key, "string", where, optional = True)
            for key in _TEXTS
        }
    )
    _base(entry, where)
    _signatures(entry, where)
    judge(entry, _request(entry, where), where)
    return read

def _base(entry, where):
    base = _field(entry, "base", "dict", where, optional = True)
    if base != None:
        where = where + ": base"
        _known(base, where)
        _digest(base, "digest", where, optional = True)
        _field(base, "name", "string", where, optional = True)

def _signatures(entry, where):
    signatures = entry.get("signatures", [])
    if type(signatures) != "list":
        fail("imagelock: %s: `signatures` must be a list, and is %s; run `imagelock lock`" % (where, show(signatures)))
    where = where + ": a signature"
    for signature in signatures:
        _known(signature, where)
        _digest(signature, "bundle", where)
        _text(signature, "key", where, is_layout, "a path in the lock's folder", optional = True)
        _field(signature, "identity", "string", where, optional = True)
        _field(signature, "issuer", "string", where, optional = True)
        if [key for key in ["identity", "issuer", "key"] if key in signature] not in [["key"], ["identity", "issuer"]]:
            fail("imagelock: %s is by a key, or by an identity and its issuer; run `imagelock lock`" % where)

def _extends(lock, where):
    extends = _field(lock, "extends", "dict", where, optional = True)
    if extends == None:
        return
    where = where + ": extends"
    _known(extends, where)
    _digest(extends, "digest", where)
    _text(extends, "registry", where, is_registry, "a registry's host", optional = True)
    _text(extends, "repository", where, is_repository, "a repository's path", optional = True)
    _text(extends, "tag", where, is_tag, "a tag", optional = True)
    path = _field(extends, "path", "string", where, optional = True)
    if path != None and (path.startswith("/") or not path):
        fail("imagelock: %s: `path` must be a path from the project file on, and is %s; run `imagelock lock`" % (where, show(path)))
    has = [key for key in ["path", "registry", "repository"] if key in extends]
    if has not in [["path"], ["registry", "repository"]] or path != None and "tag" in extends:
        fail("imagelock: %s has a registry and a repository, or a path; run `imagelock lock`" % where)

def _request(entry, where):
    request = _field(entry, "request", "dict", where)
    where = where + ": request"
    _known(request, where)
    for key, value in request.items():
        if type(value) != "string" and key in _REQUEST_TEXTS:
            _field(request, key, "string", where)
    platforms = request.get("platforms", ["any"])
    if type(platforms) != "list" or not platforms or [text for text in platforms if type(text) != "string"]:
        fail("imagelock: %s: `platforms` must be names of platforms, and is %s; run `imagelock lock`" % (
            where,
            show(platforms),
        ))
    return request

def _platform(name, entry, where):
    if not is_platform(name):
        fail("imagelock: %s: %s is not a platform; run `imagelock lock`" % (where, show(name)))
    where = "%s: platform %s" % (where, name)
    _known(entry, where)
    return struct(
        digest = _digest(entry, "digest", where),
        media_type = _text(entry, "mediaType", where, _is_manifest, "a manifest's media type"),
        size = _field(entry, "size", "int", where),
        config = _digest(entry, "config", where),
    )
