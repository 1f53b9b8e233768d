# image = "commented:1"
region    = "größe"
web_image = "registry.example.com:5000/web:1" # é
images    = { db_image = "postgres:16", "api-image" = "acme/api@sha256:3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d" }
ami_image = "ami-12345678"
