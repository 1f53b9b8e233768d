variable "web_image" {
  type    = string
  default = "ghcr.io/acme/web:1"
}
locals {
  tag = "7"
}
resource "kubernetes_deployment_v1" "web" {
  spec {
    template {
      spec {
        init_container {
          name  = "init"
          image = "busybox:1.36"
        }
        container {
          name  = "web"
          image = var.web_image
        }
        container {
          image = "redis:${local.tag}"
        }
      }
    }
  }
}
resource "kubernetes_manifest" "cr" {
  manifest = {
    apiVersion = "apps/v1"
    spec = { template = { spec = { containers = [{ name = "c", image = "envoyproxy/envoy:v1.31" }] } } }
  }
}
