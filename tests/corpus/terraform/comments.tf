# resource "docker_image" "x" { name = "text:1" }
/* image = "text:2" */
output "image" { value = "text:3" }
data "aws_ami" "a" { name_regex = "image:1" }
