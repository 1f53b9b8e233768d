target "x" {
  contexts = {
