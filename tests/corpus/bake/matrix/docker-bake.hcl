target "m" {
  matrix = { v = ["1", "2"] }
  name = "m-${v}"
  contexts = { base = "docker-image://python:${v}" }
}
