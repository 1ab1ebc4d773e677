{{/* The plain settings that web, worker and migrations share, as a map of environment variables. */}}
{{- define "exchange.settings" -}}
{{- $v := .Values }}
{{- $public := $v.objectStore.publicURL | default $v.objectStore.endpoint | trimSuffix "/" }}
{{- $origins := list }}
{{- range include "exchange.hosts" . | fromJsonArray }}{{ $origins = append $origins (printf "https://%s" .) }}{{ end }}
{{- $apart := dict }}
{{- with $v.objectStore.media }}
{{- if .endpoint }}
{{- $apart = dict
  "AWS_MEDIA_ENDPOINT_URL" .endpoint
  "AWS_MEDIA_PUBLIC_URL" (.publicURL | default .endpoint | trimSuffix "/")
  "AWS_MEDIA_REGION_NAME" .region }}
{{- end }}
{{- end }}
{{- dict
  "DJANGO_SETTINGS_MODULE" $v.django.settingsModule
  "DJANGO_DEBUG" "False"
  "DJANGO_ALLOWED_HOSTS" (include "exchange.hosts" . | fromJsonArray | join ",")
  "DJANGO_CSRF_TRUSTED_ORIGINS" ($origins | join ",")
  "DJANGO_Q_WORKERS" (toString $v.worker.workers)
  "DJANGO_Q_QUEUE_LIMIT" (toString $v.worker.queueLimit)
  "DJANGO_Q_TIMEOUT" (toString $v.worker.timeoutSeconds)
  "DJANGO_Q_RETRY" (toString $v.worker.retrySeconds)
  "DJANGO_Q_MAX_ATTEMPTS" (toString $v.worker.maxAttempts)
  "PGSSLMODE" $v.database.sslMode
  "PGCONNECT_TIMEOUT" "5"
  "AWS_S3_ENDPOINT_URL" $v.objectStore.endpoint
  "AWS_S3_PUBLIC_URL" $public
  "AWS_S3_URL_PROTOCOL" (regexFind "^https?:" $public)
  "AWS_STATIC_CUSTOM_DOMAIN" (printf "%s/%s" (regexReplaceAll "^https?://" $public "") $v.objectStore.staticBucket)
  "AWS_S3_REGION_NAME" $v.objectStore.region
  "AWS_S3_ADDRESSING_STYLE" "path"
  "AWS_S3_SIGNATURE_VERSION" "s3v4"
  "AWS_STATIC_BUCKET_NAME" $v.objectStore.staticBucket
  "AWS_MEDIA_BUCKET_NAME" $v.objectStore.mediaBucket
  "AWS_REQUEST_CHECKSUM_CALCULATION" "when_required"
  "AWS_RESPONSE_CHECKSUM_VALIDATION" "when_required"
  "HOME" "/tmp"
  "PYTHONDONTWRITEBYTECODE" "1"
  "PYTHONUNBUFFERED" "1"
  | merge (deepCopy $v.env) $apart | toYaml -}}
{{- end -}}

{{/*
What a session of the database asks of libpq, as part of an address: to give up on a server that is gone within seconds instead of TCP's quarter
of an hour, and to be with a server of that kind. Takes target_session_attrs.
*/}}
{{- define "exchange.session" -}}
connect_timeout=5&keepalives_idle=30&keepalives_interval=10&keepalives_count=3&tcp_user_timeout=20000&target_session_attrs={{ . }}
{{- end -}}

{{/* The credentials, and what is made of them, as a list of environment variables. Takes root and host, the database's. */}}
{{- define "exchange.credentials" -}}
{{- $v := .root.Values -}}
- name: DJANGO_SECRET_KEY
  valueFrom: {secretKeyRef: {name: {{ $v.django.existingSecret }}, key: {{ $v.django.secretKeyKey }}}}
- name: AWS_ACCESS_KEY_ID
  valueFrom: {secretKeyRef: {name: {{ $v.objectStore.existingSecret }}, key: {{ $v.objectStore.accessKeyKey }}}}
- name: AWS_SECRET_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ $v.objectStore.existingSecret }}, key: {{ $v.objectStore.secretKeyKey }}}}
{{- with $v.objectStore.media }}
{{- if .endpoint }}
- name: AWS_MEDIA_ACCESS_KEY_ID
  valueFrom: {secretKeyRef: {name: {{ $v.objectStore.existingSecret }}, key: {{ .accessKeyKey }}}}
- name: AWS_MEDIA_SECRET_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ $v.objectStore.existingSecret }}, key: {{ .secretKeyKey }}}}
{{- end }}
{{- end }}
- name: DATABASE_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ $v.database.existingSecret }}, key: {{ $v.database.passwordKey }}}}
- {name: DATABASE_HOST, value: {{ .host | quote }}}
- {name: DATABASE_PORT, value: {{ $v.database.port | quote }}}
- {name: DATABASE_NAME, value: {{ $v.database.name | quote }}}
- {name: DATABASE_USER, value: {{ $v.database.user | quote }}}
- {name: DATABASE_URL, value: "postgres://$(DATABASE_USER):$(DATABASE_PASSWORD)@$(DATABASE_HOST):$(DATABASE_PORT)/$(DATABASE_NAME)?{{ include "exchange.session" "read-write" }}"}
{{- with $v.database.readOnlyHost }}
- {name: DATABASE_REPLICA_HOST, value: {{ . | quote }}}
- {name: DATABASE_REPLICA_URL, value: "postgres://$(DATABASE_USER):$(DATABASE_PASSWORD)@$(DATABASE_REPLICA_HOST):$(DATABASE_PORT)/$(DATABASE_NAME)?{{ include "exchange.session" "any" }}"}
{{- end }}
{{- end -}}

{{/*
How long a worker may need to stop: Django-Q finishes the tasks it runs and those it has taken from the queue.
The same time decides when a task that nobody has acknowledged may be given out again.
*/}}
{{- define "exchange.drainSeconds" -}}
{{- $w := .Values.worker -}}
{{- $rounds := add 1 (ceil (divf $w.queueLimit $w.workers)) -}}
{{- mul $w.timeoutSeconds $rounds -}}
{{- end -}}
