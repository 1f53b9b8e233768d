{{/*
image: not:1
*/}}
{{- define "web.image" -}}
image: {{ .Values.image }}
{{- end -}}
{{- define "wait" }}
- image: ghcr.io/acme/wait:1
{{- end }}
