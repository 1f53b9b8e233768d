def deps(tag):
    container_pull(
        name = "dynamic",
        registry = "gcr.io",
        repository = "acme/%s" % tag,
    )
    oci_pull(
        name = "fn",
        image = image_of("x"),
        tag = "1",
    )
