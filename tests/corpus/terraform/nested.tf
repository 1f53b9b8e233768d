locals {
  images = { web = "nginx:1.27" }
}
resource "kubernetes_cron_job_v1" "c" {
  spec {
    job_template {
      spec {
        template {
          spec {
            container { image = local.images["web"] }
            container {
              name  = "x"
              image = "ghcr.io/acme/x@sha256:1919191919191919191919191919191919191919191919191919191919191919"
            }
          }
        }
      }
    }
  }
}
