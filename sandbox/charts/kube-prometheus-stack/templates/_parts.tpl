{{/* The name of the stack's own objects: 26 characters at most, because the operator adds to it. */}}
{{- define "stack.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 26 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name }}{{ .Release.Name | trunc 26 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name $name | trunc 26 | trimSuffix "-" }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* The labels of the stack's own objects. Takes root and part, the last word of the object's name. */}}
{{- define "stack.labels" -}}
app: {{ default .root.Chart.Name .root.Values.nameOverride }}{{ with .part }}-{{ . }}{{ end }}
release: {{ .root.Release.Name | quote }}
chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
heritage: {{ .root.Release.Service }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: {{ default .root.Chart.Name .root.Values.nameOverride }}
app.kubernetes.io/version: {{ .root.Chart.Version | quote }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* A selector of the Prometheus resource: what the values say, or the release's own objects, or everything. Takes root, spec and kind. */}}
{{- define "stack.selector" -}}
{{- $given := index .spec (printf "%sSelector" .kind) -}}
{{- if $given -}}
{{- toYaml $given -}}
{{- else if index .spec (printf "%sSelectorNilUsesHelmValues" .kind) -}}
matchLabels: {release: {{ .root.Release.Name | quote }}}
{{- else -}}
{}
{{- end -}}
{{- end -}}

{{/* An Ingress of one of the stack's servers. Takes root, name, labels, ingress (values) and port. */}}
{{- define "stack.ingress" }}
{{- with .ingress }}
{{- if .enabled }}
{{ include "common.ingress" (dict "root" $.root "name" $.name "labels" $.labels "annotations" .annotations "className" .ingressClassName
  "hosts" .hosts "path" (.path | default (first (.paths | default (list "/")))) "tls" .tls "service" $.name "port" (int $.port)) }}
{{- end }}
{{- end }}
{{- end -}}
