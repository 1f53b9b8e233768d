DIGEST = "sha256:1717171717171717171717171717171717171717171717171717171717171717"
TAG = "1"
TAG = "2"
oci_pull(name = "known", image = "gcr.io/acme/k", digest = DIGEST)
oci_pull(name = "twice", image = "gcr.io/acme/t", tag = TAG)
