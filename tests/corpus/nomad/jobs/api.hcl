job "api" {
  group "api" {
    task "api" {
      driver = "docker"
      config {
        image = "ghcr.io/acme/api:${NOMAD_META_version}"
      }
      env { IMAGE = "x:1" }
    }
  }
}
