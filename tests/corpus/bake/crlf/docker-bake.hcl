/* größer: docker-image://no:1 */
target "ä" {
  contexts = { "é" = "docker-image://registry.example.com:5000/base:1", b = "target:base", c = "../dir" }
  tags     = ["docker-image://no:1"]
}
