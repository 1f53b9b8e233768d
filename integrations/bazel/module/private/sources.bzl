"""Where an image can be had: the registry of the lock, and what the user puts before it."""

_HOST = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_:[]"
_PATH = _HOST + "/~%+"
_DOCKER_HUB = ["docker.io", "index.docker.io", "registry-1.docker.io"]

def is_docker_hub(host):
    """Returns whether a host is one of Docker Hub's names.

    Args:
      host: a host, with its port if it has one.
    """
    return host in _DOCKER_HUB

def is_loopback(host):
    """Checks whether a host is this machine, where plain HTTP is in order.

    Args:
      host: a host, with its port if it has one.

    Returns:
      Whether it is.
    """
    if host == "[::1]" or host.startswith("[::1]:"):
        return True
    name = host.split(":")[0]
    numbers = name.split(".")
    return name == "localhost" or (len(numbers) == 4 and numbers[0] == "127" and all([n.isdigit() for n in numbers]))

def base_urls(registry, sources, insecure):
    """Returns what the addresses of a registry's repositories begin with, in the order in which they are asked.

    Args:
      registry: the lock's registry.
      sources: a dictionary from a registry to `[http[s]://]HOST[/PREFIX]` that
        are asked before it.
      insecure: the hosts beyond loopback that may be asked by plain HTTP.

    Returns:
      Each as `https://HOST/v2/PREFIX/`, without a repository.
    """
    urls = []
    for source in sources.get(registry, []) + [registry]:
        url = _base(source, insecure)
        if url not in urls:
            urls.append(url)
    return urls

def _base(source, insecure):
    scheme, found, rest = source.partition("://")
    if not found:
        scheme, rest = "", source
    host, _, prefix = rest.partition("/")
    prefix = prefix.strip("/")
    if scheme not in ["", "http", "https"] or not host or host.strip(_HOST) or prefix.strip(_PATH):
        fail("imagelock: %r is not a source: it must be HOST or HOST/PREFIX, with https:// or http:// before it" % source)
    plain = is_loopback(host) or host in insecure
    if scheme == "http" and not plain:
        fail("imagelock: the source %r is plain HTTP; add insecure = [%r] to the lock's tag if that is meant" % (source, host))
    if not scheme:
        scheme = "http" if plain else "https"
    if is_docker_hub(host):
        host = "registry-1.docker.io"
    return "%s://%s/v2/%s" % (scheme, host, prefix + "/" if prefix else "")

def host_of(url):
    """Returns the host of an address, with its port if it has one.

    Args:
      url: one of what `base_urls` returned, with a repository.
    """
    return url.split("/")[2]

def repository_of(url):
    """Returns the repository of an address.

    Args:
      url: one of what `base_urls` returned, with a repository.
    """
    return url.partition("/v2/")[2]
