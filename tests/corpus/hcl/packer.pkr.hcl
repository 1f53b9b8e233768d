source "docker" "a" {
  image = "ubuntu:24.04" # imagelock: ubuntu
}
