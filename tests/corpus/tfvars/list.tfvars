sidecars = [{ image = "envoyproxy/envoy:v1.31" }, { image = "plain" }]
