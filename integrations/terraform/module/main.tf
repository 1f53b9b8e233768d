# The lock is data from here to the outputs: `jsondecode` evaluates no `${…}`, so that nothing a publisher wrote into a
# tag or a label is ever an expression.
locals {
  lock    = jsondecode(file(var.lock_file))
  version = try(local.lock.version, null)

  # Nothing is looked at in an image that is not an answer to its request.
  locked = { for name, image in local.entries : name => image if alltrue([for rule in local.rules[name] : rule.holds]) }

  names   = toset(keys(local.entries))
  wanted  = var.only == null ? local.names : var.only
  missing = local.is_known ? sort(setsubtract(local.wanted, local.names)) : []
  taken   = { for name in setintersection(local.wanted, keys(local.locked)) : name => local.locked[name] }

  # Every attribute has the same type in every image: the outputs are maps, and can be passed on as `map(…)`.
  images = tomap({
    for name, image in local.taken : name => {
      name       = name
      registry   = tostring(try(image.registry, null))
      repository = tostring(try(image.repository, null))
      layout     = tostring(try(image.layout, null))
      tag        = tostring(try(image.tag, null))
      digest     = tostring(var.platform == null ? image.digest : try(image.platforms[var.platform].digest, null))
      platforms  = tomap({ for platform, manifest in try(image.platforms, {}) : platform => manifest.digest })
      created    = tostring(try(image.created, null))
      version    = tostring(try(image.version, null))
      revision   = tostring(try(image.revision, null))
      source     = tostring(try(image.source, null))
    }
  })

  # An image from an OCI layout has no registry to pull it from, and so no reference.
  pulled = { for name, image in local.images : name => image if image.layout == null }

  layouts = var.only == null ? [] : [
    for name, image in local.images : "${format("%q", name)} (${format("%q", image.layout)})" if image.layout != null
  ]

  platformless = [
    for name, image in local.pulled :
    "${format("%q", name)} (has ${length(image.platforms) == 0 ? "none" : join(", ", keys(image.platforms))})"
    if image.digest == null
  ]
}

locals {
  problems = compact([
    local.is_lock ? "" : try(local.version > 2, false) ? join(" ", [
      "${var.lock_file} has version ${local.version}, and this module reads up to version 2:",
      "use the module of the imagelock release that wrote the lock.",
    ]) : "${var.lock_file} is not an image lock: run `imagelock lock`.",

    length(local.faults) == 0 ? "" : join(" ", [
      "${var.lock_file} contradicts itself: ${join("; ", local.faults)}.",
      "Restore it from version control, or take the image out of it and run `imagelock lock`.",
    ]),

    length(local.missing) == 0 ? "" : join(" ", [
      "${var.lock_file} has no image ${join(", ", [for name in local.missing : format("%q", name)])}:",
      "add what is missing with `imagelock add`, or correct `only` (`imagelock list` shows the names).",
    ]),

    length(local.layouts) == 0 ? "" : join(" ", [
      "No registry serves ${join(", ", local.layouts)}: it is locked from an OCI layout directory.",
      "Push it to a registry and run `imagelock add` for the reference there, or take it out of `only`.",
    ]),

    length(local.platformless) == 0 ? "" : join(" ", [
      "Platform ${coalesce(var.platform, "-")} is not locked for ${join(", ", local.platformless)}:",
      "add it to `platforms` in images.toml and run `imagelock lock`, or name the images you use in `only`.",
    ]),
  ])
}
