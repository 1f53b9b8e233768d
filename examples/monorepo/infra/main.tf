# In this repository the module lies next door.
module "images" {
  source    = "../../../integrations/terraform/module"
  lock_file = "${path.module}/../images.lock"
}

output "refs" {
  description = "What infrastructure pins its images to."
  value       = module.images.refs
}
