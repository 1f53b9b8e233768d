variables { image = "x:1" }
job "n" {
  group "g" {}
}
