oci_pull(name = "a", image = "gcr.io/acme/a"
oci_pull(
