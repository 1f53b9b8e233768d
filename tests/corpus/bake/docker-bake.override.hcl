target "web" {
  contexts = { base = "docker-image://golang@sha256:3434343434343434343434343434343434343434343434343434343434343434" }
  output = ["type=image,name=acme/x:1"]
}
