group "default" { targets = ["a", "b"] }
variable "TAG" {}
variable "REGISTRY" { default = "ghcr.io/acme" }
target "a" {
  inherits = ["b"]
  contexts = {
    open  = "docker-image://${REGISTRY}/base:${TAG}"
    known = "docker-image://${REGISTRY}/tools:2"
    // commented = "docker-image://no:1"
  }
}
target "b" { contexts = { none = "docker-image://redis" } }
