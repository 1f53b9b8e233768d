images = { web = "a:1" }
services = {
  web = { image = "nginx:1.27", port = 80 }
}
