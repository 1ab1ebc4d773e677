{{/* The Secret that holds the passwords. */}}
{{- define "postgresql.secretName" -}}
{{- with .Values.auth.existingSecret }}{{ tpl . $ }}{{ else }}{{ include "common.fullname" . }}{{ end -}}
{{- end -}}

{{/* The servers of one role: StatefulSet, Services, and what protects them. Takes root, role (values), name, component, replicas. */}}
{{- define "postgresql.servers" }}
{{- $v := .root.Values }}
{{- $r := .role }}
{{- $part := dict "root" .root "component" .component }}
{{- $labels := include "common.labels" $part | fromYaml }}
{{- $selector := include "common.selector" $part | fromYaml }}
{{- $port := dict "name" "tcp-postgresql" "port" $r.service.ports.postgresql "nodePort" $r.service.nodePorts.postgresql }}
{{- $common := dict "root" .root "labels" $labels "selector" $selector }}
{{- $secret := include "postgresql.secretName" .root }}
{{- $keys := $v.auth.secretKeys }}
{{- if $r.networkPolicy.enabled }}
{{ include "common.networkPolicy" (merge (dict "name" .name "ports" (list 5432 9187)) $common) }}
{{- end }}
{{- if $r.pdb.create }}
{{ include "common.disruptionBudget" (merge (dict "name" .name "minAvailable" $r.pdb.minAvailable "maxUnavailable" $r.pdb.maxUnavailable) $common) }}
{{- end }}
{{ include "common.service" (merge (dict "name" .name "type" $r.service.type "annotations" $r.service.annotations "ports" (list $port)) $common) }}
{{ include "common.service" (merge (dict "name" (printf "%s-hl" .name) "headless" true "spec" (dict "publishNotReadyAddresses" true) "ports" (list (omit $port "nodePort"))) $common) }}
{{- if $v.metrics.enabled }}
{{- $monitored := merge (dict "app.kubernetes.io/component" "metrics") $labels }}
{{ include "common.service" (merge (dict "name" (printf "%s-metrics" .name) "labels" $monitored "ports" (list (dict "name" "http-metrics" "port" $v.metrics.service.ports.metrics))) $common) }}
{{- if $v.metrics.serviceMonitor.enabled }}
{{ include "common.serviceMonitor" (dict "root" .root "name" .name "labels" (merge dict $v.metrics.serviceMonitor.labels $monitored) "interval" $v.metrics.serviceMonitor.interval
  "selector" (include "common.selector" (dict "root" .root "component" "metrics") | fromYaml) "port" "http-metrics") }}
{{- end }}
{{- end }}
{{- with $r.extendedConfiguration }}
{{ include "common.head" (merge (dict "apiVersion" "v1" "kind" "ConfigMap" "name" (printf "%s-extended-configuration" $.name)) $common) }}
data:
  override.conf: |
    {{- tpl . $.root | nindent 4 }}
{{- end }}
{{ include "common.head" (merge (dict "apiVersion" "apps/v1" "kind" "StatefulSet" "name" .name) $common) }}
spec:
  replicas: {{ .replicas }}
  serviceName: {{ .name }}-hl
  {{- if $r.persistentVolumeClaimRetentionPolicy.enabled }}
  persistentVolumeClaimRetentionPolicy: {{- toYaml (omit $r.persistentVolumeClaimRetentionPolicy "enabled") | nindent 4 }}
  {{- end }}
  selector:
    matchLabels: {{- toYaml $selector | nindent 6 }}
  template:
    metadata:
      labels: {{- toYaml $labels | nindent 8 }}
    spec:
      serviceAccountName: {{ include "common.fullname" .root }}
      automountServiceAccountToken: false
      {{- include "common.placement" $r | nindent 6 }}
      securityContext: {fsGroup: 1001}
      containers:
        - name: postgresql
          image: {{ include "common.image" (dict "root" .root "image" $v.image) }}
          env:
            - {name: POSTGRESQL_PORT_NUMBER, value: "5432"}
            - {name: POSTGRES_DATABASE, value: {{ $v.auth.database | quote }}}
            {{- if $v.auth.username }}
            - {name: POSTGRES_USER, value: {{ $v.auth.username | quote }}}
            - {name: POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ $keys.userPasswordKey }}}}}
            {{- end }}
            - {name: POSTGRES_POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ $keys.adminPasswordKey }}}}}
            {{- if eq $v.architecture "replication" }}
            - {name: POSTGRES_REPLICATION_USER, value: {{ $v.auth.replicationUsername | quote }}}
            - {name: POSTGRES_REPLICATION_PASSWORD, valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ $keys.replicationPasswordKey }}}}}
            {{- end }}
            {{- with $r.extraEnvVars }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          ports:
            - {name: tcp-postgresql, containerPort: 5432}
          livenessProbe: {tcpSocket: {port: tcp-postgresql}, initialDelaySeconds: 30}
          readinessProbe: {tcpSocket: {port: tcp-postgresql}, initialDelaySeconds: 5}
          securityContext: {{- include "common.noRights" . | nindent 12 }}
          resources: {{- include "common.resources" $r | nindent 12 }}
          volumeMounts:
            - {name: data, mountPath: /bitnami/postgresql}
        {{- if $v.metrics.enabled }}
        - name: metrics
          image: {{ include "common.image" (dict "root" .root "image" $v.metrics.image) }}
          ports:
            - {name: http-metrics, containerPort: 9187}
          securityContext: {{- include "common.noRights" . | nindent 12 }}
          resources: {{- include "common.resources" $v.metrics | nindent 12 }}
        {{- end }}
      {{- if not $r.persistence.enabled }}
      volumes:
        - {name: data, emptyDir: {}}
      {{- end }}
  {{- if $r.persistence.enabled }}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {{- include "common.claimSpec" (dict "root" .root "persistence" $r.persistence) | nindent 8 }}
  {{- end }}
{{- end -}}
