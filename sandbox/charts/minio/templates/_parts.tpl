{{- define "minio.labels" -}}
app: {{ include "common.name" . }}
chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
release: {{ .Release.Name }}
heritage: {{ .Release.Service }}
{{- end -}}
{{- define "minio.selector" -}}
app: {{ include "common.name" . }}
release: {{ .Release.Name }}
{{- end -}}
{{- define "minio.secretName" -}}{{ .Values.existingSecret | default (include "common.fullname" .) }}{{- end -}}
{{/* What the job after an installation has to do, in the order of the real chart's containers. */}}
{{- define "minio.tasks" -}}
{{- range $task := list
  (dict "name" "minio-make-policy" "script" "add-policy" "when" .Values.policies)
  (dict "name" "minio-make-bucket" "script" "initialize" "when" .Values.buckets)
  (dict "name" "minio-make-user" "script" "add-user" "when" .Values.users)
  (dict "name" "minio-make-svcacct" "script" "add-svcacct" "when" .Values.svcaccts)
  (dict "name" "minio-custom-command" "script" "custom-command" "when" .Values.customCommands) }}
{{- if $task.when }}
- {name: {{ $task.name }}, script: {{ $task.script }}}
{{- end }}
{{- end }}
{{- end -}}
