locals {
  a = "x" # imagelock: web
  b = "${a}" // other
  c = <<EOT
x # imagelock: web
EOT
  t = "1" # imagelock: db:tag
}
