source "docker" "ubuntu" {
  image  = "ubuntu:24.04" # imagelock: ubuntu
  commit = true
}
source "amazon-ebs" "base" { source_ami = "ami-1" }
