variable "image" { default = "redis:7" }
job "cache" {
  datacenters = ["dc1"]
  group "c" {
    task "redis" {
      driver = "podman"
      config { image = var.image }
    }
    service {
      connect {
        sidecar_task {
          config { image = "envoyproxy/envoy:v1.31" }
        }
      }
    }
  }
}
