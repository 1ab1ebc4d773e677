{{/* The name of the stack's own objects: 26 characters at most, because the operator adds to it. */}}
{{- define "stack.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 26 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name }}{{ .Release.Name | trunc 26 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name $name | trunc 26 | trimSuffix "-" }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* The labels of the stack's own objects, as JSON. Takes root and part, the last word of the object's name. */}}
{{- define "stack.labels" -}}
{{- $name := default .root.Chart.Name .root.Values.nameOverride -}}
{{- toJson (merge (dict
  "app" (ternary (printf "%s-%s" $name .part) $name (not (empty .part))) "release" .root.Release.Name
  "chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version) "heritage" .root.Release.Service
  "app.kubernetes.io/instance" .root.Release.Name "app.kubernetes.io/managed-by" .root.Release.Service
  "app.kubernetes.io/part-of" $name "app.kubernetes.io/version" .root.Chart.Version) .root.Values.commonLabels) -}}
{{- end -}}

{{/* What selects the objects of a part, as JSON. Takes what stack.labels takes. */}}
{{- define "stack.selector" -}}
{{- toJson (pick (include "stack.labels" . | fromJson) "app" "release") -}}
{{- end -}}

{{/* What the Prometheus resource selects, as JSON: what the values say, or the release's own objects, or everything. Takes root, spec and kind. */}}
{{- define "stack.selected" -}}
{{- $given := index .spec (printf "%sSelector" .kind) -}}
{{- $own := dict "matchLabels" (dict "release" .root.Release.Name) -}}
{{- toJson ($given | default (ternary $own dict (not (empty (index .spec (printf "%sSelectorNilUsesHelmValues" .kind)))))) -}}
{{- end -}}

{{/* An entry of a list: the Ingress of one of the stack's servers. Takes name, ingress (values) and port. */}}
{{- define "stack.ingress" -}}
{{- with .ingress -}}
{{- toJson (dict "kind" "Ingress" "when" .enabled "name" $.name "annotations" .annotations "className" .ingressClassName "hosts" .hosts
  "path" (.path | default (first (.paths | default (list "/")))) "tls" .tls "service" $.name "port" (int $.port)) -}}
{{- end -}}
{{- end -}}
