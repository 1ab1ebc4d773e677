{{/* The release's name, with the chart's when it is not already in it. */}}
{{- define "exchange.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end -}}
{{- end -}}

{{/* The name of a part. Takes root and part. */}}
{{- define "exchange.partName" -}}
{{ include "exchange.fullname" .root | trunc 50 | trimSuffix "-" }}-{{ .part }}
{{- end -}}

{{/* The labels that select the pods of a part; they never change. Takes root and part. */}}
{{- define "exchange.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end -}}

{{/* The labels of the pods of a part: what changes with the chart's version is left out, or a new chart would restart them all. */}}
{{- define "exchange.podLabels" -}}
{{ include "exchange.selector" . }}
app.kubernetes.io/part-of: exchange-platform
app.kubernetes.io/version: {{ .root.Values.image.tag | trunc 63 | trimSuffix "-" | trimSuffix "." | quote }}
{{- end -}}

{{/* All labels of an object of a part. Takes root and part. */}}
{{- define "exchange.labels" -}}
{{ include "exchange.podLabels" . }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "exchange.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag }}{{ with .Values.image.digest }}@{{ . }}{{ end }}
{{- end -}}

{{/* All public names, the first one being the main one. */}}
{{- define "exchange.hosts" -}}
{{- concat (list .Values.host) .Values.extraHosts | toJson -}}
{{- end -}}
