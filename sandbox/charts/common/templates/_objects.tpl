{{/* apiVersion, kind and metadata of an object. Takes root, apiVersion, kind, name, labels, annotations, namespace; cluster: true for an object without namespace. */}}
{{- define "common.head" -}}
---
apiVersion: {{ .apiVersion }}
kind: {{ .kind }}
metadata:
  name: {{ .name }}
  {{- if not .cluster }}
  namespace: {{ .namespace | default .root.Release.Namespace }}
  {{- end }}
  labels:
    {{- toYaml .labels | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* A ServiceAccount. Takes root, name, labels, annotations, automount. */}}
{{- define "common.serviceAccount" }}
{{ include "common.head" (merge (dict "apiVersion" "v1" "kind" "ServiceAccount") .) }}
automountServiceAccountToken: {{ .automount | default false }}
{{- end -}}

{{/* A Service. Takes root, name, labels, annotations, namespace, selector, ports, type, headless, spec (further fields). */}}
{{- define "common.service" }}
{{ include "common.head" (merge (dict "apiVersion" "v1" "kind" "Service") .) }}
spec:
  type: {{ .type | default "ClusterIP" }}
  {{- if .headless }}
  clusterIP: None
  {{- end }}
  {{- with .spec }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  ports:
    {{- range .ports }}
    - name: {{ .name }}
      port: {{ int .port }}
      targetPort: {{ .targetPort | default .name }}
      protocol: TCP
      {{- with .nodePort }}
      nodePort: {{ int . }}
      {{- end }}
      {{- with .appProtocol }}
      appProtocol: {{ . }}
      {{- end }}
    {{- end }}
  selector:
    {{- toYaml .selector | nindent 4 }}
{{- end -}}

{{/* A ClusterRole and its binding to a ServiceAccount of the release. Takes root, name, bindingName, labels, annotations, rules, serviceAccount. */}}
{{- define "common.clusterRole" }}
{{- $rbac := "rbac.authorization.k8s.io" }}
{{ include "common.head" (merge (dict "apiVersion" (printf "%s/v1" $rbac) "kind" "ClusterRole" "cluster" true) .) }}
rules:
  {{- toYaml .rules | nindent 2 }}
{{ include "common.head" (merge (dict "apiVersion" (printf "%s/v1" $rbac) "kind" "ClusterRoleBinding" "cluster" true "name" (.bindingName | default .name)) .) }}
roleRef: {apiGroup: {{ $rbac }}, kind: ClusterRole, name: {{ .name }}}
subjects:
  - {kind: ServiceAccount, name: {{ .serviceAccount }}, namespace: {{ .root.Release.Namespace }}}
{{- end -}}

{{/* A Role and its binding to a ServiceAccount of the release. Takes what common.clusterRole takes. */}}
{{- define "common.role" }}
{{- $rbac := "rbac.authorization.k8s.io" }}
{{ include "common.head" (merge (dict "apiVersion" (printf "%s/v1" $rbac) "kind" "Role") .) }}
rules:
  {{- toYaml .rules | nindent 2 }}
{{ include "common.head" (merge (dict "apiVersion" (printf "%s/v1" $rbac) "kind" "RoleBinding") .) }}
roleRef: {apiGroup: {{ $rbac }}, kind: Role, name: {{ .name }}}
subjects:
  - {kind: ServiceAccount, name: {{ .serviceAccount }}, namespace: {{ .root.Release.Namespace }}}
{{- end -}}

{{/* A PodDisruptionBudget. Takes root, name, labels, selector, minAvailable, maxUnavailable. */}}
{{- define "common.disruptionBudget" }}
{{ include "common.head" (merge (dict "apiVersion" "policy/v1" "kind" "PodDisruptionBudget") .) }}
spec:
  {{- if or (kindIs "invalid" .minAvailable) (eq (toString .minAvailable) "") }}
  maxUnavailable: {{ if eq (toString (.maxUnavailable | default "")) "" }}1{{ else }}{{ .maxUnavailable }}{{ end }}
  {{- else }}
  minAvailable: {{ .minAvailable }}
  {{- end }}
  selector:
    matchLabels:
      {{- toYaml .selector | nindent 6 }}
{{- end -}}

{{/* A NetworkPolicy that admits the given ports from everywhere. Takes root, name, labels, selector, ports (numbers). */}}
{{- define "common.networkPolicy" }}
{{ include "common.head" (merge (dict "apiVersion" "networking.k8s.io/v1" "kind" "NetworkPolicy") .) }}
spec:
  podSelector:
    matchLabels:
      {{- toYaml .selector | nindent 6 }}
  policyTypes: [Ingress, Egress]
  egress:
    - {}
  ingress:
    - ports:
        {{- range .ports }}
        - port: {{ int . }}
        {{- end }}
{{- end -}}

{{/* An Ingress with one rule per host. Takes root, name, labels, annotations, className, hosts, path, pathType, tls, service, port (name or number). */}}
{{- define "common.ingress" }}
{{ include "common.head" (merge (dict "apiVersion" "networking.k8s.io/v1" "kind" "Ingress") .) }}
spec:
  {{- with .className }}
  ingressClassName: {{ . }}
  {{- end }}
  {{- with .tls }}
  tls:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  rules:
    {{- range .hosts }}
    - host: {{ . | quote }}
      http:
        paths:
          - path: {{ $.path | default "/" }}
            pathType: {{ $.pathType | default "Prefix" }}
            backend:
              service:
                name: {{ $.service }}
                port: { {{- if kindIs "string" $.port }}name: {{ $.port }}{{ else }}number: {{ int $.port }}{{ end -}} }
    {{- end }}
{{- end -}}

{{/* A ServiceMonitor with one endpoint. Takes root, name, labels, selector, port, path, interval, endpoint (further fields), namespaces. */}}
{{- define "common.serviceMonitor" }}
{{ include "common.head" (merge (dict "apiVersion" "monitoring.coreos.com/v1" "kind" "ServiceMonitor") .) }}
spec:
  endpoints:
    - port: {{ .port }}
      path: {{ .path | default "/metrics" }}
      {{- with .interval }}
      interval: {{ . }}
      {{- end }}
      {{- with .endpoint }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
  namespaceSelector:
    matchNames:
      {{- toYaml (.namespaces | default (list .root.Release.Namespace)) | nindent 6 }}
  selector:
    matchLabels:
      {{- toYaml .selector | nindent 6 }}
{{- end -}}

{{/* Where the pods of a part may run. Takes the part's values. */}}
{{- define "common.placement" -}}
{{- range $field := list "nodeSelector" "tolerations" "affinity" "topologySpreadConstraints" "priorityClassName" "hostAliases" }}
{{- with index $ $field }}
{{ $field }}:
  {{- if kindIs "string" . }} {{ . }}{{ else }}{{ toYaml . | nindent 2 }}{{ end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* A volumeClaimTemplate, or a claim's spec. Takes persistence (accessModes or accessMode, size, storageClass) and root. */}}
{{- define "common.claimSpec" -}}
accessModes:
  {{- toYaml (.persistence.accessModes | default (list (.persistence.accessMode | default "ReadWriteOnce"))) | nindent 2 }}
resources:
  requests:
    storage: {{ .persistence.size }}
{{- with coalesce .persistence.storageClass .persistence.storageClassName ((.root.Values.global).defaultStorageClass) }}
storageClassName: {{ . }}
{{- end }}
{{- end -}}

{{/* What a container asks for: resources, or else the size that resourcesPreset names. Takes the part's values. */}}
{{- define "common.resources" -}}
{{- $sizes := dict
  "nano" (dict "requests" (dict "cpu" "100m" "memory" "128Mi" "ephemeral-storage" "50Mi") "limits" (dict "cpu" "150m" "memory" "192Mi" "ephemeral-storage" "2Gi"))
  "small" (dict "requests" (dict "cpu" "500m" "memory" "512Mi" "ephemeral-storage" "50Mi") "limits" (dict "cpu" "750m" "memory" "768Mi" "ephemeral-storage" "2Gi"))
-}}
{{- $resources := .resources | default (get $sizes (.resourcesPreset | default "none")) -}}
{{- toYaml ($resources | default dict) -}}
{{- end -}}

{{/* The rights of a container of Bitnami's charts: none. */}}
{{- define "common.noRights" -}}
runAsNonRoot: true
runAsUser: 1001
runAsGroup: 1001
privileged: false
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end -}}
