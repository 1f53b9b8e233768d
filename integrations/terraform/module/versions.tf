terraform {
  # `terraform test` on the files in tests/ needs 1.6.
  required_version = ">= 1.5"
}
