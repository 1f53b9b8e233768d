PINS = [("a", "1"), ("b", "2")]
def all():
    for name, tag in PINS:
        oci_pull(name = name, image = "gcr.io/acme/" + name, tag = tag)
    oci_pull(name = "one", image = "gcr.io/acme/one" "two", tag = "1")
    oci_pull(name = "digest", image = "gcr.io/acme/d", digest = DIGEST)
