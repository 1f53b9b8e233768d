"""OCI platforms in the words of Bazel's platforms.

This is not a list of what an image may be locked for: a platform that is
missing here still has its own target, it only never is the default.
"""

_OS = {
    "android": "android",
    "darwin": "osx",
    "freebsd": "freebsd",
    "linux": "linux",
    "netbsd": "netbsd",
    "openbsd": "openbsd",
    "windows": "windows",
}

# The architecture with its variant. A variant that not every machine of the
# CPU can run, such as amd64/v3, must be asked for by its own target.
_CPU = {
    "386": "x86_32",
    "amd64": "x86_64",
    "amd64/v1": "x86_64",
    "arm": "armv7",
    "arm/v7": "armv7",
    "arm64": "aarch64",
    "arm64/v8": "aarch64",
    "ppc64le": "ppc64le",
    "riscv64": "riscv64",
    "s390x": "s390x",
}

def platform_settings(name):
    """Declares a `config_setting` for each CPU, and for each operating system with it.

    Args:
      name: of the group that holds nothing but their place in the BUILD file.
    """
    native.filegroup(name = name)
    cpus = {cpu: True for cpu in _CPU.values()}
    for cpu in cpus:
        # Older Bazel does not take the constraint itself as a condition.
        native.config_setting(name = "any_%s" % cpu, constraint_values = ["@platforms//cpu:" + cpu])
        for os in _OS.values():
            native.config_setting(
                name = "%s_%s" % (os, cpu),
                constraint_values = [
                    "@platforms//os:" + os,
                    "@platforms//cpu:" + cpu,
                ],
            )

def target_name(platform):
    """Returns the name of a platform's own target.

    Args:
      platform: `os/arch` or `os/arch/variant`.
    """
    return platform.replace("/", "_")

def same_variant(architecture, first, second):
    """Returns whether two variants of an architecture are the same.

    Args:
      architecture: as OCI names it.
      first: a variant, or the empty string.
      second: a variant, or the empty string.
    """
    default = {"amd64": "v1", "arm": "v7", "arm64": "v8"}.get(architecture, "")
    return (first or default) == (second or default)

def choices(platforms, any_platform):
    """Returns which platform each Bazel platform gets.

    Args:
      platforms: OCI platforms, sorted, so that one without a variant comes first.
      any_platform: whether the operating system of the target is left aside.

    Returns:
      A dictionary from the condition of a `select` to one of the platforms.
    """
    if any_platform and len(platforms) == 1:
        return {"//conditions:default": platforms[0]}
    systems = {platform.split("/")[0]: True for platform in platforms}
    by_cpu = any_platform and len(systems) == 1
    chosen = {}
    for platform in platforms:
        os, _, cpu = platform.partition("/")
        if cpu not in _CPU or (os not in _OS and not by_cpu):
            continue
        chosen.setdefault("@imagelock//platforms:%s_%s" % ("any" if by_cpu else _OS[os], _CPU[cpu]), platform)
    return chosen
