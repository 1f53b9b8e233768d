# What the module refuses. Run `terraform test` or `tofu test` in the module's folder.

variables {
  lock_file = "tests/locks/images.lock"
}

run "a_name_that_the_lock_does_not_have" {
  command = plan

  variables {
    only = ["postgres", "redis", "nginx"]
  }

  expect_failures = [output.refs, output.tagged, output.images]
}

run "a_layout_that_is_asked_for" {
  command = plan

  variables {
    only = ["tools"]
  }

  expect_failures = [output.refs, output.tagged, output.images]
}

run "a_platform_that_an_image_lacks" {
  command = plan

  variables {
    platform = "linux/arm64"
  }

  expect_failures = [output.refs, output.tagged, output.images]
}

run "a_platform_that_is_none" {
  command = plan

  variables {
    platform = "amd64"
  }

  expect_failures = [var.platform]
}

run "a_lock_of_a_newer_version" {
  command = plan

  variables {
    lock_file = "tests/locks/newer.lock"
  }

  expect_failures = [output.refs, output.tagged, output.images]
}

run "a_file_that_is_no_lock" {
  command = plan

  variables {
    lock_file = "tests/locks/other.lock"
  }

  expect_failures = [output.refs, output.tagged, output.images]
}

run "a_lock_with_conflict_markers" {
  command = plan

  variables {
    lock_file = "tests/locks/conflict.lock"
  }

  expect_failures = [var.lock_file]
}

run "a_lock_that_is_not_there" {
  command = plan

  variables {
    lock_file = "tests/locks/absent.lock"
  }

  expect_failures = [var.lock_file]
}
