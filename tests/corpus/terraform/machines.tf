resource "google_compute_instance" "m" {
  boot_disk {
    initialize_params { image = "debian-cloud/debian-12" }
  }
}
resource "hcloud_server" "s" { image = "ubuntu-24.04" }
resource "aws_codebuild_project" "curated" {
  environment { image = "aws/codebuild/standard:7.0" }
}
resource "aws_codebuild_project" "own" {
  environment { image = "ghcr.io/acme/build@sha256:3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d" }
}
resource "aws_batch_job_definition" "b" {
  container_properties = jsonencode({ image = "busybox:1.36", command = ["no:1"] })
}
resource "docker_registry_image" "push" { name = "acme/pushed:1" }
resource "null_resource" "r" {
  provisioner "local-exec" { command = "docker run image:1" }
}
variable "build_image" { default = "aws/codebuild/standard:7.0" }
