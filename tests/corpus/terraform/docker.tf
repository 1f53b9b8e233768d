resource "docker_image" "web" {
  name = "nginx:1.27"
}
resource "docker_image" "own" {
  name = "acme/own:1"
  build { context = "." }
}
resource "docker_container" "web" {
  image = docker_image.web.image_id
  name  = "web"
}
resource "docker_container" "db" {
  image = "postgres:16@sha256:7878787878787878787878787878787878787878787878787878787878787878"
}
data "docker_registry_image" "x" { name = "alpine:3.20" }
resource "docker_registry_image" "push" { name = "acme/own:1" }
