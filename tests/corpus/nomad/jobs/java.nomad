job "java" {
  group "g" {
    task "t" {
      driver = "java"
      config { jar_path = "local/image.jar" }
    }
  }
}
