resource "aws_ecs_task_definition" "a" {
  family = "a"
  container_definitions = jsonencode([
    { name = "web", image = "nginx:1.27", essential = true },
    { name = "own", image = "${aws_ecr_repository.own.repository_url}:1" },
  ])
}
resource "aws_ecs_task_definition" "b" {
  container_definitions = <<EOF
[
  {"name": "db", "image": "mysql:8.4"},
  {"name": "x", "image": "${var.x}"}
]
EOF
}
resource "aws_lambda_function" "f" {
  image_uri = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/f:3"
}
resource "aws_instance" "vm" { ami = "ami-0123" }
resource "aws_imagebuilder_image" "i" { image = "not:1" }
