function "tag" {
  params = [name]
  result = ["ghcr.io/acme/${name}:1"]
}
target "a" {
  tags = tag("a")
  args = { IMAGE = "x:1" }
}
