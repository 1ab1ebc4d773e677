{{/* The name of the chart, or what nameOverride says. Takes the root context. */}}
{{- define "common.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The release and the chart's name, or the release alone when it already contains the chart's name. Takes the root context. */}}
{{- define "common.fullname" -}}
{{- include "common.fullnameOf" (dict "root" . "name" (include "common.name" .) "override" .Values.fullnameOverride) -}}
{{- end -}}

{{/* The same for a part that the model keeps in a chart of its own. Takes root, name and override. */}}
{{- define "common.fullnameOf" -}}
{{- if .override -}}
{{- .override | trunc 63 | trimSuffix "-" -}}
{{- else if contains .name .root.Release.Name -}}
{{- .root.Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .root.Release.Name .name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The labels a selector may use: they never change between versions. Takes root, name and component. */}}
{{- define "common.selector" -}}
app.kubernetes.io/name: {{ .name | default (include "common.name" .root) }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{/* All labels of an object. Takes what common.selector takes, and version. */}}
{{- define "common.labels" -}}
{{ include "common.selector" . }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .version | default .root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{/* The reference of an image. Takes root, image (registry, repository, tag, digest or sha) and tag for an image without one. */}}
{{- define "common.image" -}}
{{- $registry := coalesce ((.root.Values.global).imageRegistry) .image.registry -}}
{{- $tag := .image.tag | default .tag -}}
{{- $digest := coalesce .image.digest .image.sha -}}
{{- with $registry }}{{ . }}/{{ end }}{{ .image.repository }}{{ with $tag }}:{{ . }}{{ end }}
{{- with $digest }}@{{ if not (hasPrefix "sha256:" .) }}sha256:{{ end }}{{ . }}{{ end -}}
{{- end -}}
