"""Reads images.lock, version 1: what docs/spec/images-lock-1.md asks of every reader.
echo '[["reference", "postgres", "linux/amd64"]]' | python3 images_lock.py images.lock"""
import json
import re
import sys

OCI, DOCKER = "application/vnd.oci.image.", "application/vnd.docker.distribution.manifest."
MANIFESTS = [OCI + "manifest.v1+json", DOCKER + "v2+json"]
KINDS = [OCI + "index.v1+json", DOCKER + "list.v2+json", *MANIFESTS]
NAME = r"(?=.{1,100}$)[a-z0-9]([a-z0-9._-]*[a-z0-9])?"
LABEL, PART = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
PLACE = rf"(\[[0-9a-f:.]+\]|{LABEL}(\.{LABEL})*)(:[0-9]+)?/{PART}(/{PART})*"
TAG = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}"
DIGEST = r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}"
PLATFORM = r"(?!unknown/)(?![^/]*/unknown(/|$))[a-z0-9._-]{1,64}/[a-z0-9._-]{1,64}(/[a-z0-9._-]{1,64})?"
LAYOUT = r"(?!/)(?![A-Za-z]:)(?!(.*/)?\.{0,2}(/|$))[^\\\x00-\x1f\x7f-\x9f]+"
RULE = r"(dialect )?(exclude )?(prerelease )?repository(?=.)( scheme)?( select)?( tags)?( version)?"
ASKED = rf"repository tag|digest repository( tag)?|layout( tag)?|{RULE}"
KEYS = """base bundle config created dialect digest exclude extends identity images issuer key layout mediaType name path platforms
    prerelease registry repository request revision scheme select signatures size source tag tags version""".split()


def need(holds, *reason):
    if not holds:
        raise ValueError(" ".join(map(str, reason)))


def fits(pattern, text):
    return isinstance(text, str) and re.fullmatch(pattern, text) is not None


def fields(where, value):
    need(isinstance(value, dict), where, "is not an object")
    for key in value:
        alike = key not in KEYS and key.lower() in map(str.lower, KEYS)
        need(not alike and fits("[A-Za-z]+", key), where, "has the key", repr(key))
    return value


def check(name, image):
    where = f"image {name!r}:"
    need(fits(NAME, name), where, "is not a name")
    request, platforms = fields(where, image).get("request"), image.get("platforms")
    fields(where + " the request", request)
    need(isinstance(platforms, dict) and platforms, where, "no platforms")
    for platform, locked in platforms.items():
        fields(where + " a platform", locked)
        need(fits(PLATFORM, platform) and fits(DIGEST, locked.get("digest")), where, "the platform", repr(platform))
    need(fits(DIGEST, image.get("digest")), where, "the digest", image.get("digest"))
    need("tag" not in image or fits(TAG, image["tag"]), where, "the tag", repr(image.get("tag")))
    asked = " ".join(sorted(key for key in request if key in KEYS and key != "platforms"))
    need(fits(ASKED, asked), where, "a request for", asked)
    # What is locked is an answer to its request.
    place = request.get("layout", request.get("repository"))
    origin = {"layout": place} if "layout" in request else dict(zip(["registry", "repository"], str(place).split("/", 1)))
    need(fits(LAYOUT if "layout" in request else PLACE, place), where, "a request for", repr(place))
    need(origin == {key: image[key] for key in ("layout", "registry", "repository") if key in image}, where, "not in", place)
    need(image["digest"] == request.get("digest", image["digest"]), where, "not the digest that was asked for")
    ruled = "version" in request or "tags" in request or "select" in request
    need("tag" in image if ruled else image.get("tag") == request.get("tag"), where, "not the tag that was asked for")
    wanted = request.get("platforms", [*platforms])
    need(isinstance(wanted, list), where, "a request for platforms that are no list")
    need(sorted(map(str, wanted)) == sorted(platforms), where, "not the platforms that were asked for")
    whole, *parts = [[part.get(key) for key in ("digest", "mediaType", "size")] for part in (image, *platforms.values())]
    need(whole[1] in KINDS and all(part[1] in MANIFESTS for part in parts), where, "a media type")
    need(parts == [whole] if whole[1] in MANIFESTS else all(part[0] != whole[0] for part in parts), where, "its manifests")


def read(text):
    lock = json.loads(text)
    version = lock.get("version") if isinstance(lock, dict) else None
    need(type(version) is int and version > 0, "this is not a lock")
    need(version <= 2, "version", version, "is newer than this reader")
    need(isinstance(fields("the lock", lock).get("images"), dict), "this lock has no images")
    for name, image in lock["images"].items():
        check(name, image)
    return lock["images"]


def answer(images, question, what, platform=None):
    def reference(image, digest, tag=""):
        return f"{image['registry']}/{image['repository']}{tag}@{digest}" if "registry" in image else None
    if question in ("locked", "asked"):
        has = lambda image: [reference(image, part["digest"]) for part in (image, *image["platforms"].values())]
        names = sorted(name for name, image in images.items() if what in has(image))
        return names if question == "asked" else bool(names)
    image = images.get(what, {"platforms": {}})
    digest = (image["platforms"].get(platform, {}) if platform else image).get("digest")
    tag = f":{image['tag']}" if question == "tagged" and "tag" in image else ""
    return digest if question == "digest" or not digest else reference(image, digest, tag)


if __name__ == "__main__":
    try:
        with open(sys.argv[1], "rb") as file:
            locked = read(file.read().decode())
    except ValueError as error:
        sys.exit(f"{sys.argv[1]}: {error}")
    json.dump([answer(locked, *question) for question in json.load(sys.stdin)], sys.stdout)
