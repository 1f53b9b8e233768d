variable "BASE" { default = "docker-image://debian:12" }
variable "TAG" { default = "3.20" }
group "default" { targets = ["web"] }
target "web" {
  context = "."
  contexts = {
    alpine = "docker-image://alpine:${TAG}"
    base   = "docker-image://golang:1.23-alpine"
    src    = "target:src"
    local  = "../src"
  }
  tags = ["ghcr.io/acme/web:1"]
  cache-from = ["type=registry,ref=ghcr.io/acme/web:cache"]
}
