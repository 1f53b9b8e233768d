# Each output carries the condition: a plan that is narrowed with `-target` evaluates only the outputs it needs.

output "refs" {
  description = "For each image, `registry/repository@digest`: what every provider takes. Images from an OCI layout are left out."
  value       = tomap({ for name, image in local.pulled : name => "${image.registry}/${image.repository}@${image.digest}" if image.digest != null })

  precondition {
    condition     = length(local.problems) == 0
    error_message = join("\n", local.problems)
  }
}

output "tagged" {
  description = "For each image, `registry/repository:tag@digest`, for people who read the plan. Some providers refuse a tag beside a digest; the digest alone decides what is pulled. An image that was asked for by digest has no tag."
  value = tomap({
    for name, image in local.pulled : name => join("", [
      "${image.registry}/${image.repository}", image.tag == null ? "" : ":${image.tag}", "@${image.digest}",
    ]) if image.digest != null
  })

  precondition {
    condition     = length(local.problems) == 0
    error_message = join("\n", local.problems)
  }
}

output "images" {
  description = "For each image an object: `name`, `registry`, `repository`, `layout`, `tag`, `digest` (the platform's when `platform` is set), `platforms` (a map from platform to digest), `created`, `version`, `revision` and `source`. What the lock does not say is null."
  value       = local.images

  precondition {
    condition     = length(local.problems) == 0
    error_message = join("\n", local.problems)
  }
}
