// image = "commented:1"
job "größe" {
  group "g" {
    task "qemu" {
      driver = "qemu"
      config { image_path = "local/image.img" }
    }
    task "podman" {
      driver = "podman"
      config {
        image = "docker://registry.example.com:5000/podman:1" /* é */
        args  = ["--image=no:1"]
      }
      template {
        data = <<EOH
image = "text:1"
EOH
      }
    }
    task "pinned" {
      driver = "docker"
      artifact { source = "https://example.com/image:1" }
      config { image = "redis:7@sha256:3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d" }
    }
  }
}
