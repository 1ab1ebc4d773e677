{{/* The name of the chart, or what nameOverride says. Takes the root context. */}}
{{- define "library.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The release and the chart's name, or the release alone when it already contains the chart's name. Takes the root context. */}}
{{- define "library.fullname" -}}
{{- include "library.fullnameOf" (dict "root" . "name" (include "library.name" .) "override" .Values.fullnameOverride) -}}
{{- end -}}

{{/* The same for a part that the model keeps in a chart of its own. Takes root, name and override. */}}
{{- define "library.fullnameOf" -}}
{{- if .override -}}
{{- .override | trunc 63 | trimSuffix "-" -}}
{{- else if contains .name .root.Release.Name -}}
{{- .root.Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .root.Release.Name .name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The labels a selector may use, as JSON: they never change between versions. Takes root, name and component. */}}
{{- define "library.selector" -}}
{{- $labels := dict "app.kubernetes.io/name" (.name | default (include "library.name" .root)) "app.kubernetes.io/instance" .root.Release.Name -}}
{{- with .component }}{{ $_ := set $labels "app.kubernetes.io/component" . }}{{ end -}}
{{ toJson $labels }}
{{- end -}}

{{/* All labels of an object, as JSON. Takes what library.selector takes, and version. */}}
{{- define "library.labels" -}}
{{- toJson (merge (include "library.selector" . | fromJson) (dict
  "app.kubernetes.io/managed-by" .root.Release.Service "app.kubernetes.io/version" (.version | default .root.Chart.AppVersion)
  "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version))) -}}
{{- end -}}

{{/* The reference of an image. Takes root, image (registry, repository, tag, digest or sha) and tag for an image without one. */}}
{{- define "library.image" -}}
{{- $registry := coalesce ((.root.Values.global).imageRegistry) .image.registry -}}
{{- $tag := .image.tag | default .tag -}}
{{- $digest := coalesce .image.digest .image.sha -}}
{{- with $registry }}{{ . }}/{{ end }}{{ .image.repository }}{{ with $tag }}:{{ . }}{{ end }}
{{- with $digest }}@{{ if not (hasPrefix "sha256:" .) }}sha256:{{ end }}{{ . }}{{ end -}}
{{- end -}}

{{/*
A password of a Secret, in base64: the one given, or the one that the Secret has, or a new one. Takes root, secret, key, given
and length.
*/}}
{{- define "library.password" -}}
{{- $known := (lookup "v1" "Secret" .root.Release.Namespace .secret).data | default dict -}}
{{- .given | b64enc | default (get $known .key) | default (randAlphaNum (int .length) | b64enc) -}}
{{- end -}}
