target "a" {
  contexts = {
    "docker.io/library/nginx:1" = "docker-image://nginx:1.27"
    git = "https://github.com/acme/x.git#main"
  }
}
