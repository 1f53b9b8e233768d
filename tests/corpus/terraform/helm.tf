resource "helm_release" "r" {
  chart = "web"
  set {
    name  = "image"
    value = "ghcr.io/acme/web:2"
  }
  set {
    name  = "image.tag"
    value = "3"
  }
  set {
    name = "host"
    value = "example.com:80"
  }
}
module "service" {
  source = "./service"
  image  = "ghcr.io/acme/service:4"
  machine_image = "debian-12"
}
