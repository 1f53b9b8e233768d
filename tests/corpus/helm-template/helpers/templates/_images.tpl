{{- define "web.image" -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- define "web.sidecar" }}
- name: sidecar
  image: envoyproxy/envoy:v1.31
{{- end }}
