"""Fetching by digest through Bazel's own downloader.

Its repository cache, `--distdir`, rewriter and remote downloaders serve what is
fetched, and it checks every byte against the digest. The order is: the cache,
the layouts of `vendor`, the sources; credentials are looked for only where a
source is asked.
"""

load(":auth.bzl", "authorization")
load(":sources.bzl", "host_of")

# A registry may answer 404 for a manifest of a type that the request does not name.
_ACCEPT = ", ".join([
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
])

_MAX_MANIFEST = 4 * 1024 * 1024

def new_pull(rctx):
    """Returns the state of one repository's pull.

    Args:
      rctx: the `repository_ctx` of the `image` rule.
    """
    return struct(
        rctx = rctx,
        subject = "imagelock: image `%s` (%s, %s)" % (
            "`, `".join(rctx.attr.images),
            rctx.attr.platform,
            rctx.attr.lock,
        ),
        # `headers`, `block` and `getenv` came with one version; a keyword cannot be probed, an attribute can.
        newer = hasattr(rctx, "getenv"),
        # A source that failed goes to the end: a host that is down costs seconds a download.
        sources = [] + rctx.attr.sources,
        vendor = [rctx.path(label).dirname for label in rctx.attr.vendor],
        auth = {},
        notes = [],
    )

def fetch_one(pull, what, digest, output):
    """Fetches the manifest or the config, a source at a time.

    Args:
      pull: what `new_pull` returned.
      what: `manifest` or `config`.
      digest: of what is fetched.
      output: the path that it gets.
    """
    if _local(pull, digest, output):
        return
    failed = []
    for source in [] + pull.sources:
        if _remote(pull, what, [source], digest, output, {}).success:
            return
        failed.append(source)
        pull.sources.remove(source)
        pull.sources.append(source)
    _fail(pull, what, digest, failed)

def fetch_blobs(pull, outputs):
    """Fetches blobs, at the same time where this Bazel can.

    Args:
      pull: what `new_pull` returned.
      outputs: a dictionary from a blob's digest to the path that it gets.
    """
    missing = {digest: output for digest, output in outputs.items() if not _local(pull, digest, output)}
    options = {"block": False} if pull.newer else {}
    started = {
        digest: _remote(pull, "layer", pull.sources, digest, output, options)
        for digest, output in missing.items()
        if pull.sources
    }
    for digest in missing:
        download = started.get(digest)
        done = download.wait() if download != None and pull.newer else download
        if done == None or not done.success:
            _fail(pull, "layer", digest, pull.sources)

def _want(digest, output):
    # No `canonical_id`: a blob is the same blob in every image and from every source.
    return {"sha256": digest[len("sha256:"):], "output": output, "allow_fail": True}

def _local(pull, digest, output):
    # Without an address, a download is a question to the repository cache.
    if pull.rctx.download(url = [], **_want(digest, output)).success:
        return True
    for folder in pull.vendor:
        blob = folder.get_child("blobs").get_child("sha256").get_child(digest[len("sha256:"):])
        if blob.exists and pull.rctx.download(url = [_file_url(blob)], **_want(digest, output)).success:
            return True
    return False

def _file_url(path):
    text = str(path)
    for plain, escaped in [("%", "%25"), (" ", "%20"), ("#", "%23"), ("?", "%3F"), ("[", "%5B"), ("]", "%5D")]:
        text = text.replace(plain, escaped)
    return ("file://" if text.startswith("/") else "file:///") + text

def _remote(pull, what, sources, digest, output, options):
    urls, auth = [], {}
    for source in sources:
        url = "%s/%s/%s" % (source, "manifests" if what == "manifest" else "blobs", digest)
        urls.append(url)
        if source not in pull.auth:
            pull.auth[source] = authorization(pull.rctx, source, pull.notes)
        if pull.auth[source]:
            auth[url] = pull.auth[source]
    want = dict(_want(digest, output), url = urls, auth = auth, **options)
    if what != "manifest":
        return pull.rctx.download(**want)
    if pull.newer:
        return pull.rctx.download(headers = {"Accept": _ACCEPT}, **want)
    done = pull.rctx.download(**want)
    return done if done.success else _by_curl(pull, urls, digest, output)

def _by_curl(pull, urls, digest, output):
    # Bazel before 7.1 cannot name the type that it wants. What curl fetched without
    # credentials goes through the downloader, which checks and keeps it.
    curl = pull.rctx.which("curl")
    part, done = output + ".part", struct(success = False)
    if not curl:
        pull.notes.append("this Bazel cannot ask for an OCI manifest: that needs Bazel 7.1, or curl")
        return done
    pull.rctx.file(part, executable = False)
    for url in urls:
        run = pull.rctx.execute([
            curl,
            "-q",
            "-fsSL",
            "--max-filesize",
            str(_MAX_MANIFEST),
            "--max-time",
            "60",
            "--proto",
            "=http,https" if url.startswith("http:") else "=https",
            "-H",
            "Accept: " + _ACCEPT,
            "-o",
            part,
            "--",
            url,
        ], quiet = True)
        if run.return_code == 0:
            done = pull.rctx.download(url = [_file_url(pull.rctx.path(part))], **_want(digest, output))
            break
        pull.notes.append(run.stderr.strip())
    pull.rctx.delete(part)
    return done

def _fail(pull, what, digest, sources):
    lines = ["%s: cannot fetch the %s %s" % (pull.subject, what, digest)]
    lines.extend(["    from " + source for source in sources])
    if pull.vendor:
        lines.append("    nor is it in " + ", ".join([str(folder) for folder in pull.vendor]))
    lines.extend(["  note: " + note for note in {note: True for note in pull.notes}.keys()])
    if sources:
        hosts = {host_of(source): True for source in sources}.keys()
        lines.extend([
            "  Each address's own reason is in the warnings above. What helps:",
            "    401, 403    %s, or give Bazel a credential helper: --credential_helper=HOST=PROGRAM" % " or ".join(
                ["`docker login %s`" % host for host in hosts],
            ),
            "    404         the registry has lost it: `imagelock update %s`" % pull.rctx.attr.images[0],
            "    checksum    the registry or a proxy gives other bytes than the lock has: compare from another network",
            "    no warning  --experimental_downloader_config blocks the address: allow it, or set `sources`",
            "    offline     `imagelock pull --bazel-cache DIR` where there is a network, then --repository_cache=DIR",
        ])
    else:
        lines.append("  The image is in a layout, and no registry is asked: put the blob there, or run `imagelock lock`")
    fail("\n".join(lines))
