resource "helm_release" "sets" {
  chart = "web"
  set {
    name  = "image.repository"
    value = "ghcr.io/acme/web"
  }
  set {
    name  = "image.tag"
    value = "1.10"
  }
  set {
    name  = "sidecar.image.repository"
    value = "envoyproxy/envoy"
  }
  set {
    name  = "sidecar.image.tag"
    value = var.envoy
  }
  set {
    name  = "lonely.image.tag"
    value = "2"
  }
  set {
    name  = "openImage"
    value = var.image
  }
}
resource "helm_release" "values" {
  chart = "web"
  set   = [{ name = "job.image", value = "acme/job:1" }, { name = "image.pullPolicy", value = "Always" }]
  values = [
    yamlencode({
      image   = { repository = "acme/api", tag = "3" }
      sidecar = { image = "redis@sha256:3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d", port = 80 }
    }),
    <<-EOT
      # größe
      image:
        registry: registry.example.com:5000
        repository: acme/free # é
        tag: "4" # newest
      initImage: 'busybox:1.36'
      é: {image: "acme/open:${var.tag}"}
    EOT
    ,
    file("values.yaml"),
  ]
}
