userdata = <<EOT
image = "text:1"
EOT
base_image = "debian-12"
/* job_image = "commented:2" */
job_image  = "ghcr.io/acme/job:2"
tags       = ["a:1"]
