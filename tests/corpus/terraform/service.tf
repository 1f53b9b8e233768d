resource "docker_service" "s" {
  name = "s"
  task_spec {
    container_spec {
      image = "redis:7"
    }
  }
}
resource "google_cloud_run_service" "r" {
  template {
    spec {
      containers { image = "gcr.io/acme/r:1" }
    }
  }
}
resource "aws_apprunner_service" "a" {
  source_configuration {
    image_repository {
      image_identifier      = "public.ecr.aws/x/y:1"
      image_repository_type = "ECR_PUBLIC"
    }
  }
}
