# What the module gives for a lock that is in order. Run `terraform test` or `tofu test` in the module's folder.

variables {
  lock_file = "tests/locks/images.lock"
}

run "refs_are_repository_and_digest" {
  command = plan

  assert {
    condition = output.refs == tomap({
      by-digest = "ghcr.io/acme/by-digest@sha256:2ef50e0def92f43db6251d470bcd7a63efef7fe26a1a962315b454dae8685a78"
      postgres  = "docker.io/library/postgres@sha256:a1de22ddf096438d0d93ea168a0858096bedcffd3750dc349247e6ad1d0361bb"
      static    = "registry.example.com:5000/base/static@sha256:c5d85ad289b75174df6b06088836e89c5bb51f5ee1cf71803a69d00d4de3b96f"
    })
    error_message = "refs are ${jsonencode(output.refs)}"
  }
}

run "tagged_carries_the_tag_where_the_lock_has_one" {
  command = plan

  assert {
    condition     = output.tagged["postgres"] == "docker.io/library/postgres:16.9-alpine@sha256:a1de22ddf096438d0d93ea168a0858096bedcffd3750dc349247e6ad1d0361bb"
    error_message = "tagged is ${output.tagged["postgres"]}"
  }

  assert {
    condition     = output.tagged["by-digest"] == output.refs["by-digest"]
    error_message = "tagged is ${output.tagged["by-digest"]}"
  }
}

run "images_carry_what_a_reviewer_reads" {
  command = plan

  assert {
    condition = output.images["postgres"] == {
      name       = "postgres"
      registry   = "docker.io"
      repository = "library/postgres"
      layout     = tostring(null)
      tag        = "16.9-alpine"
      digest     = "sha256:a1de22ddf096438d0d93ea168a0858096bedcffd3750dc349247e6ad1d0361bb"
      platforms = tomap({
        "linux/amd64" = "sha256:b3d638d0fbaa4ff0c083a6d398715024a74f80a24e9508c6546eafa7015bccc8"
        "linux/arm64" = "sha256:5dc69ee1af00173b0e6db41380462d8366e03f5ac68ce66f6b75d7c340d349b0"
      })
      created  = "2026-11-12T08:31:02Z"
      version  = "16.9"
      revision = "0c2d1f"
      source   = "https://github.com/docker-library/postgres"
    }
    error_message = "the image is ${jsonencode(output.images["postgres"])}"
  }
}

run "a_layout_has_no_reference" {
  command = plan

  assert {
    condition     = output.images["tools"].layout == "third_party/tools-oci" && output.images["tools"].registry == null
    error_message = "the image is ${jsonencode(output.images["tools"])}"
  }

  assert {
    condition     = !contains(keys(output.refs), "tools") && !contains(keys(output.tagged), "tools")
    error_message = "refs are ${jsonencode(output.refs)}"
  }
}

run "a_platform_pins_its_own_manifest" {
  command = plan

  variables {
    platform = "linux/arm64"
    only     = ["postgres"]
  }

  assert {
    condition     = output.refs == tomap({ postgres = "docker.io/library/postgres@sha256:5dc69ee1af00173b0e6db41380462d8366e03f5ac68ce66f6b75d7c340d349b0" })
    error_message = "refs are ${jsonencode(output.refs)}"
  }

  assert {
    condition     = output.tagged["postgres"] == "docker.io/library/postgres:16.9-alpine@sha256:5dc69ee1af00173b0e6db41380462d8366e03f5ac68ce66f6b75d7c340d349b0"
    error_message = "tagged is ${output.tagged["postgres"]}"
  }
}

run "only_narrows_every_output" {
  command = plan

  variables {
    only = ["static"]
  }

  assert {
    condition = alltrue([
      for output in [output.refs, output.tagged, output.images] : keys(output) == tolist(["static"])
    ])
    error_message = "refs are ${jsonencode(output.refs)}"
  }
}

run "an_empty_lock_is_no_error" {
  command = plan

  variables {
    lock_file = "tests/locks/empty.lock"
  }

  assert {
    condition     = length(output.refs) == 0 && length(output.tagged) == 0 && length(output.images) == 0
    error_message = "refs are ${jsonencode(output.refs)}"
  }
}

run "text_from_a_publisher_stays_text" {
  command = plan

  variables {
    lock_file = "tests/locks/hostile.lock"
  }

  assert {
    condition = alltrue([
      for name in ["version", "revision", "source", "created"] :
      output.images["evil"][name] == jsondecode(file("tests/locks/hostile.lock")).images["evil"][name]
    ])
    error_message = "images are ${jsonencode(output.images)}"
  }
}
