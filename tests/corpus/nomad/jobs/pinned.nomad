job "p" {
  type = "batch"
  group "g" {
    task "t" {
      driver = "docker"
      config { image = "busybox@sha256:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd" }
    }
  }
}
