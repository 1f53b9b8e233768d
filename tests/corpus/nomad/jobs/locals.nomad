locals { tag = "16" }
variable "registry" { type = string }
job "db" {
  task "alone" {
    driver = "docker"
    config { image = "postgres:${local.tag}" }
  }
  group "g" {
    task "open" {
      driver = "docker"
      config { image = "${var.registry}/open:1" }
    }
    task "exec" {
      driver = "raw_exec"
      config {
        command = "docker"
        args    = ["run", "no:1"]
      }
    }
  }
}
