image = "registry.example.com:5000/a@sha256:abababababababababababababababababababababababababababababababab"
