project = "größe"
app "web" {
  build {
    use "docker-pull" { image = "nginx" }
  }
}
