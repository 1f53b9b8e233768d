job "web" {
  group "g" {
    task "web" {
      driver = "docker"
      config {
        image = "nginx:1.27"
        ports = ["http"]
      }
    }
    task "bin" {
      driver = "exec"
      config { image = "no:1" }
    }
    task "vm" {
      driver = "qemu"
      config { image_path = "local/linux.img" }
      artifact { source = "https://example.com/linux.img" }
    }
  }
}
