resource "google_cloud_run_v2_service" "s" {
  template {
    containers {
      image = "us-docker.pkg.dev/cloudrun/container/hello"
    }
  }
}
resource "google_compute_instance" "vm" {
  boot_disk {
    initialize_params { image = "debian-cloud/debian-12" }
  }
}
resource "azurerm_container_group" "g" {
  container {
    name  = "a"
    image = "mcr.microsoft.com/azuredocs/aci-helloworld:latest"
  }
}
resource "hcloud_server" "vm" { image = "ubuntu-22.04" }
resource "digitalocean_droplet" "d" { image = "ubuntu-22-04-x64" }
