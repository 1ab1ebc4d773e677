{{/*
A Deployment, StatefulSet or DaemonSet: pod (the spec of its pods), replicas, spec (further fields of its own), podLabels
(the selector's by themselves), podAnnotations, claims (persistence by name, of a StatefulSet).
*/}}
{{- define "library.workload" -}}
{{ include "library.head" . }}
spec:
  {{- if hasKey . "replicas" }}
  replicas: {{ .replicas }}
  {{- end }}
  {{- with .spec }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  selector: {matchLabels: {{ toJson .selector }}}
  template:
    metadata:
      labels: {{ toJson (.podLabels | default .selector) }}
      {{- with .podAnnotations }}
      annotations: {{- toYaml . | nindent 8 }}
      {{- end }}
    spec: {{- toYaml .pod | nindent 6 }}
  {{- with .claims }}
  volumeClaimTemplates:
    {{- range $name, $persistence := . }}
    - metadata: {name: {{ $name }}{{ with $persistence.labels }}, labels: {{ toJson . }}{{ end }}}
      spec: {{ include "library.claimSpec" (dict "root" $.root "persistence" $persistence) }}
    {{- end }}
  {{- end }}
{{- end -}}

{{/* A Job: pod, podLabels (its own labels by themselves). */}}
{{- define "library.job" -}}
{{ include "library.head" . }}
spec:
  template:
    metadata:
      labels: {{ toJson (.podLabels | default .labels) }}
    spec: {{- toYaml .pod | nindent 6 }}
{{- end -}}

{{/* Fields of a pod's spec that say where it may run, as lines. Takes the values of the part. */}}
{{- define "library.placement" -}}
{{- range $field := list "nodeSelector" "tolerations" "affinity" "topologySpreadConstraints" "priorityClassName" "hostAliases" }}
{{- with index $ $field }}
{{ $field }}: {{ toJson . }}
{{- end }}
{{- end }}
{{- end -}}

{{/* What a container asks for, as JSON: resources, or else the size that resourcesPreset names. Takes the values of the part. */}}
{{- define "library.resources" -}}
{{- $sizes := dict
  "nano" (dict "requests" (dict "cpu" "100m" "memory" "128Mi" "ephemeral-storage" "50Mi") "limits" (dict "cpu" "150m" "memory" "192Mi" "ephemeral-storage" "2Gi"))
  "small" (dict "requests" (dict "cpu" "500m" "memory" "512Mi" "ephemeral-storage" "50Mi") "limits" (dict "cpu" "750m" "memory" "768Mi" "ephemeral-storage" "2Gi"))
-}}
{{- toJson (.resources | default (get $sizes (.resourcesPreset | default "none")) | default dict) -}}
{{- end -}}

{{/* The rights of a container of Bitnami's charts, as JSON: none. */}}
{{- define "library.noRights" -}}
{"runAsNonRoot": true, "runAsUser": 1001, "runAsGroup": 1001, "privileged": false, "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}
{{- end -}}
