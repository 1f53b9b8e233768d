// the bake file of everything
variable "BASE" { default = "alpine:3.20" }
target "inline" {
  dockerfile-inline = <<EOT
FROM golang:1.23 AS build
RUN echo "FROM no:1"
FROM "scratch"
COPY --from=build /a /a
COPY --from=busybox:1.36 /bin/busybox /bin/
EOT
  args       = { BASE = "debian:12" }
  cache-from = ["type=registry,ref=acme/cache:1"]
  output     = ["type=image,name=acme/out:1"]
}
