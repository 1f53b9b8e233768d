variable "lock_file" {
  type        = string
  nullable    = false
  description = "Path of `images.lock`, written from the caller's place: `\"$${path.module}/../images.lock\"`."

  validation {
    condition     = can(file(var.lock_file))
    error_message = "There is no readable file ${format("%q", var.lock_file)}: run `imagelock lock` where images.toml lies, and write the path as \"$${path.module}/../images.lock\"."
  }

  validation {
    condition     = can(jsondecode(file(var.lock_file))) || !can(file(var.lock_file))
    error_message = "${format("%q", var.lock_file)} is not JSON: if it has conflict markers, take either side and run `imagelock lock`."
  }
}

variable "platform" {
  type        = string
  default     = null
  description = "Pin the manifest of this platform, such as `linux/amd64` or `linux/arm/v7`. By default an image's own digest is pinned, which for most images is an index of every platform."

  validation {
    condition     = var.platform == null || can(regex("^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9.]+)?$", var.platform))
    error_message = "The platform must be written os/arch or os/arch/variant, such as linux/amd64."
  }
}

variable "only" {
  type        = set(string)
  default     = null
  description = "Names of the images that this configuration uses. A name that the lock does not have fails the plan, and the outputs carry no other image. By default every image is taken."

  validation {
    condition     = var.only == null || try(alltrue([for name in var.only : name != null]), false)
    error_message = "A name in `only` is null."
  }
}
