path "secret/image:1" { capabilities = ["read"] }
