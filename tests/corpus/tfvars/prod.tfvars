web_image = "ghcr.io/acme/web:1"
machine_image = "ubuntu-22.04"
region = "eu:1"
