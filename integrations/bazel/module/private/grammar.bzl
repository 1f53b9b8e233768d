"""The grammar of what a lock names, as docs/spec/images-lock-1.md has it."""

load(":text.bzl", "consists_of")

_LOWER = "abcdefghijklmnopqrstuvwxyz0123456789"
_HEX = "0123456789abcdef"
_WORD = _LOWER + "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
_MAX_NAME = 100
_MAX_PATH = 255
_MAX_TAG = 128
_MAX_PART = 64

def is_digest(text):
    """Checks for a digest that OCI registers, in its canonical form.

    Args:
      text: any string.

    Returns:
      Whether it is one.
    """
    algorithm, _, encoded = text.partition(":")
    return len(encoded) == {"sha256": 64, "sha512": 128}.get(algorithm, -1) and consists_of(encoded, _HEX)

def is_name(text):
    """Checks for the name of an image.

    Args:
      text: any string.

    Returns:
      Whether it is one.
    """
    return len(text) <= _MAX_NAME and _is_bounded(text, _LOWER + "._-")

def is_repository(text):
    """Checks for the path of a repository.

    Args:
      text: any string.

    Returns:
      Whether it is one.
    """
    return len(text) <= _MAX_PATH and all([_is_component(part) for part in text.split("/")])

def is_registry(text):
    """Checks for the host of a registry, with a port or without one.

    Args:
      text: any string.

    Returns:
      Whether it is one.
    """
    if text.startswith("["):
        host, closed, port = text[1:].partition("]")
        return consists_of(host, _HEX + ":.") and bool(closed) and (not port or _is_port(port[1:]) and port[0] == ":")
    host, colon, port = text.partition(":")
    return all([_is_bounded(part, _LOWER + "-") for part in host.split(".")]) and (not colon or _is_port(port))

def is_platform(text):
    """Checks for a platform, which `unknown` is not: it marks attestations.

    Args:
      text: any string.

    Returns:
      Whether it is one.
    """
    parts = text.split("/")
    fits = all([len(part) <= _MAX_PART and consists_of(part, _LOWER + "._-") for part in parts])
    return fits and len(parts) in [2, 3] and "unknown" not in parts[:2]

def is_tag(text):
    """Checks for a tag.

    Args:
      text: any string.

    Returns:
      Whether it is one.
    """
    return len(text) <= _MAX_TAG and consists_of(text, _WORD + ".-") and text[0] in _WORD

def is_layout(text):
    """Checks for the path of an OCI image layout in the repository, in its normal form.

    Args:
      text: any string.

    Returns:
      Whether it is one.
    """
    if text[1:2] == ":" and text[0].isalpha():
        return False
    odd = [char for char in text.elems() if char < " " or char == "\177" or char == "\\"]
    return not odd and all([part not in ["", ".", ".."] for part in text.split("/")])

def _is_port(text):
    return consists_of(text, "0123456789")

def _is_bounded(text, characters):
    return consists_of(text, characters) and text[0] in _LOWER and text[-1] in _LOWER

def _is_component(text):
    # [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*
    if not _is_bounded(text, _LOWER + "._-"):
        return False
    if not text.strip(_LOWER):
        return True
    return all([separator in [".", "_", "__"] or not separator.strip("-") for separator in _separators(text)])

def _separators(text):
    separators = [""]
    for char in text.elems():
        if char in _LOWER:
            separators.append("")
        else:
            separators[-1] += char
    return [separator for separator in separators if separator]
