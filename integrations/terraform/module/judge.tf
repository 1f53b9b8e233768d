# What docs/spec/images-lock-1.md asks of every reader: the grammar of what is handed out, and that each image is an answer to
# its own request. Whether a tag is one that a version rule admits takes another regular expression language: that is left to
# `imagelock lock --locked`.
locals {
  keys = [
    "base", "bundle", "config", "created", "dialect", "digest", "exclude", "extends", "identity", "images", "issuer", "key",
    "layout", "mediaType", "name", "path", "platforms", "prerelease", "registry", "repository", "request", "revision", "scheme",
    "select", "signatures", "size", "source", "tag", "tags", "version",
  ]
  lower_keys = [for key in local.keys : lower(key)]

  manifests = ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"]
  indexes   = ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"]

  digest   = "^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$"
  label    = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
  part     = "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*"
  place    = "^(\\[[0-9a-f:.]+\\]|${local.label}(\\.${local.label})*)(:[0-9]+)?/${local.part}(/${local.part})*$"
  platform = "^[a-z0-9._-]{1,64}/[a-z0-9._-]{1,64}(/[a-z0-9._-]{1,64})?$"
  outside  = "^((.*/)?\\.{0,2}(/.*)?|[A-Za-z]:.*|(?s:.*[\\\\\\x00-\\x1f\\x7f-\\x{9f}].*))$"
  asked    = "^(repository tag|digest repository( tag)?|layout( tag)?|(dialect )?(exclude )?(prerelease )?repository( scheme)?( select)?( tags|( tags)? version)|repository select)$"

  # A lock of another version may have any shape, so that nothing in it is looked at.
  entries = try({ for name, image in local.lock.images : name => image if local.is_known }, {})

  # Each condition is false where what it looks at has another shape.
  rules = {
    for name, image in local.entries : name => [
      {
        holds  = can(regex("^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$", name)) && length(name) <= 100
        reason = "its name is not one"
      },
      {
        holds = try(alltrue([
          for key in concat(keys(image), keys(image.request), flatten([for manifest in image.platforms : keys(manifest)])) :
          can(regex("^[A-Za-z]+$", key)) && (contains(local.keys, key) || !contains(local.lower_keys, lower(key)))
        ]), false)
        reason = "it is not an object with a request and platforms, or a key is another but for its case"
      },
      {
        holds  = can(regex(local.digest, image.digest))
        reason = "its digest is not one"
      },
      {
        holds = try(length(keys(image.platforms)) > 0 && alltrue([
          for platform, manifest in image.platforms :
          can(regex(local.platform, platform)) && !contains(slice(split("/", platform), 0, 2), "unknown") &&
          can(regex(local.digest, manifest.digest)) && contains(local.manifests, manifest.mediaType)
        ]), false)
        reason = "it has no platforms, or one or its manifest is not one"
      },
      {
        # Terraform before 1.12 looks at both sides of `||`, and only at the chosen one of `?`.
        holds = try(contains(keys(image), "tag") ? (
          image.tag == tostring(image.tag) && can(regex("^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$", image.tag))
        ) : true, false)
        reason = "its tag is not one"
      },
      {
        holds = try(!contains(keys(image), "created") || can(
          regex("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$", image.created)
        ), false)
        reason = "`created` is not a time"
      },
      {
        holds = can(regex(local.asked, join(" ", sort([
          for key in keys(image.request) : key if contains(local.keys, key) && key != "platforms"
        ]))))
        reason = "its request asks for nothing, or for two things"
      },
      {
        holds = try(contains(keys(image), "layout") ? (
          image.layout == image.request.layout && !can(regex(local.outside, image.layout)) &&
          !contains(keys(image), "registry") && !contains(keys(image), "repository")
          ) : (
          "${image.registry}/${image.repository}" == image.request.repository &&
          can(regex(local.place, image.request.repository))
        ), false)
        reason = try(
          "it is locked in ${image.registry}/${image.repository}, and its request asks for ${image.request.repository}",
          "it is locked in the layout ${image.layout}, and its request asks for ${image.request.layout}",
          "it is locked in another place than its request asks for",
        )
      },
      {
        holds = try(image.request.digest == image.digest, !contains(keys(image.request), "digest"), false)
        reason = try(
          "it is locked to ${image.digest}, and its request asks for ${image.request.digest}",
          "it is locked to another digest than its request asks for",
        )
      },
      {
        holds = try(length(setintersection(keys(image.request), ["select", "tags", "version"])) > 0 ? (
          contains(keys(image), "tag")
        ) : try(image.tag, null) == try(image.request.tag, null), false)
        reason = try(
          "it is locked with the tag ${image.tag}, and its request asks for ${image.request.tag}",
          "it is locked with another tag than its request asks for, or with none",
        )
      },
      {
        holds = try(!contains(keys(image.request), "platforms"), false) || try(
          length(image.request.platforms) > 0 && toset(image.request.platforms) == toset(keys(image.platforms)), false
        )
        reason = try(
          "it is locked for ${join(", ", keys(image.platforms))}, and its request asks for ${join(", ", image.request.platforms)}",
          "it is locked for other platforms than its request asks for",
        )
      },
      {
        holds = try(contains(local.manifests, image.mediaType) ? length(image.platforms) == 1 && alltrue([
          for manifest in image.platforms :
          manifest.digest == image.digest && manifest.mediaType == image.mediaType && manifest.size == image.size
          ]) : contains(local.indexes, image.mediaType) && alltrue([
          for manifest in image.platforms : manifest.digest != image.digest
        ]), false)
        reason = "its only manifest is not its platform's, or its index is"
      },
    ]
  }

  faults = flatten([
    for name, rules in local.rules : [for rule in rules : "${format("%q", name)}: ${rule.reason}" if !rule.holds]
  ])

  # Version 2 has more keys of requests, and is read alike.
  is_known = try(contains([1, 2], local.version), false)

  is_lock = try(local.is_known && can(keys(local.lock.images)) && alltrue([
    for key in keys(local.lock) :
    can(regex("^[A-Za-z]+$", key)) && (contains(local.keys, key) || !contains(local.lower_keys, lower(key)))
  ]), false)
}
