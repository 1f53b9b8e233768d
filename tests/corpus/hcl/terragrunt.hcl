inputs = { image = "a:1" }
