{{/* The name under which clients reach the cluster, also when a dependency asks for it. */}}
{{- define "elasticsearch.serviceName" -}}
{{- $name := ((.Values.global).elasticsearch).service -}}
{{- default (include "library.fullnameOf" (dict "root" . "name" ($name.name | default "elasticsearch") "override" .Values.fullnameOverride)) $name.fullname -}}
{{- end -}}
