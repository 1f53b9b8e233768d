"""The build rules and the macro that generated BUILD files load."""

_PUBLIC = ["//visibility:public"]

def hub_package(name, repository, targets):
    """Declares an image's names in the hub.

    Args:
      name: the image's name.
      repository: the repository that has the targets.
      targets: their names, but for the image's own.
    """
    for target in [name] + targets:
        native.alias(
            name = target,
            actual = "@%s//:%s" % (repository, target),
            visibility = _PUBLIC,
        )

def locked_image(name, choices, targets, digest, reference, message, obstacles):
    """Declares the targets of one image.

    Args:
      name: the image's name.
      choices: which repository each condition gets.
      targets: which repository each platform's target gets.
      digest: the digest that the lock has.
      reference: the reference that the lock has.
      message: what to say where no condition holds.
      obstacles: what to say for each target that cannot be had.
    """
    for target, part in {name: "image", "config": "config", "layout": "layout", "manifest": "manifest"}.items():
        if choices:
            native.alias(
                name = target,
                actual = select(
                    {condition: "@%s//:%s" % (repository, part) for condition, repository in choices.items()},
                    no_match_error = message,
                ),
                visibility = _PUBLIC,
            )
        else:
            unavailable(
                name = target,
                message = "\n".join(obstacles.values()) or message,
                tags = ["manual"],
                visibility = _PUBLIC,
            )
    for target, repository in targets.items():
        native.alias(
            name = target,
            actual = "@%s//:image" % repository,
            visibility = _PUBLIC,
        )
    for target, obstacle in obstacles.items():
        unavailable(
            name = target,
            message = obstacle,
            tags = ["manual"],
            visibility = _PUBLIC,
        )
    text_file(name = "digest", content = digest + "\n", visibility = _PUBLIC)
    text_file(name = "reference", content = reference + "\n", visibility = _PUBLIC)

def _unavailable_impl(ctx):
    fail(ctx.attr.message)

unavailable = rule(
    implementation = _unavailable_impl,
    attrs = {"message": attr.string(mandatory = True)},
    doc = "Says why an image cannot be had, to those who ask for it.",
)

def _text_file_impl(ctx):
    output = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(output, ctx.attr.content)
    return [DefaultInfo(files = depset([output]), runfiles = ctx.runfiles([output]))]

text_file = rule(
    implementation = _text_file_impl,
    attrs = {"content": attr.string(mandatory = True)},
    doc = "A file with the text in it.",
)

# A hard link costs neither time nor disk. It needs one file system and no sandbox; a copy always works.
_ASSEMBLE = """
set -eu
out=$1; shift
mkdir -p "$out/blobs/sha256"
cp "$1" "$out/oci-layout"; shift
cp "$1" "$out/index.json"; shift
for blob; do
  to="$out/blobs/sha256/${blob##*/}"
  ln -L "$blob" "$to" 2>/dev/null || cp "$blob" "$to"
done
"""

def _image_directory_impl(ctx):
    output = ctx.actions.declare_directory(ctx.label.name)
    arguments = ctx.actions.args()
    arguments.add(output.path)
    arguments.add(ctx.file.oci_layout)
    arguments.add(ctx.file.index)
    arguments.add_all(ctx.files.blobs)
    ctx.actions.run_shell(
        outputs = [output],
        inputs = [ctx.file.oci_layout, ctx.file.index] + ctx.files.blobs,
        command = _ASSEMBLE,
        arguments = [arguments],
        mnemonic = "ImageDirectory",
        progress_message = "Assembling image %{label}",
        # The bytes are on this machine already: there is nothing for a remote one to do or to keep.
        execution_requirements = {
            "no-cache": "1",
            "no-remote": "1",
            "no-sandbox": "1",
        },
    )
    return [DefaultInfo(files = depset([output]), runfiles = ctx.runfiles([output]))]

image_directory = rule(
    implementation = _image_directory_impl,
    attrs = {
        "blobs": attr.label_list(allow_files = True, mandatory = True),
        "index": attr.label(allow_single_file = True, mandatory = True),
        "oci_layout": attr.label(allow_single_file = True, mandatory = True),
    },
    doc = """An OCI image layout as one directory artifact.

A source directory would do without an action, but Bazel does not look into it
for changes and says so at each build.""",
)
