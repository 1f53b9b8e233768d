# docker buildx bake -f docker-bake.hcl -f build/contexts.json
# builds from the locked images: the named contexts are inherited.
group "default" {
  targets = ["web"]
}

target "web" {
  inherits = ["_images"]
  context  = "services/web"
}
