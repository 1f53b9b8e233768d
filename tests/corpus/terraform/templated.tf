resource "helm_release" "t" {
  values = [<<EOT
%{ if var.debug }
debug:
  image: acme/debug:1
%{ endif }
{{ not yaml
EOT
  ]
}
resource "kubectl_manifest" "m" {
  yaml_body = <<YAML
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
    - name: c
      image: nginx:1.27
    - image: acme/${var.name}:1
YAML
}
resource "kubernetes_manifest" "decoded" {
  manifest = yamldecode(<<-YAML
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: größe}
    spec:
      template:
        spec:
          containers: [{name: é, image: "ghcr.io/acme/decoded:1"}]
  YAML
  )
}
