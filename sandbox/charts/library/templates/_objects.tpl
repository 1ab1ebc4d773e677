{{/* A ServiceAccount: automount. */}}
{{- define "library.serviceAccount" -}}
{{ include "library.head" . }}
automountServiceAccountToken: {{ .automount | default false }}
{{- end -}}

{{/* A Service: ports (name, port, and if need be targetPort, nodePort, appProtocol), type, headless, spec (further fields). */}}
{{- define "library.service" -}}
{{ include "library.head" . }}
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
    {{- $port := merge (dict "port" (int .port) "targetPort" (.targetPort | default .name) "protocol" "TCP") (omit . "nodePort") }}
    {{- with .nodePort }}{{ $_ := set $port "nodePort" (int .) }}{{ end }}
    - {{ toJson $port }}
    {{- end }}
  selector: {{ toJson .selector }}
{{- end -}}

{{/* A Role or ClusterRole and its binding to a ServiceAccount of the release: rules, serviceAccount, bindingName. */}}
{{- define "library.role" -}}
{{ include "library.head" . }}
rules: {{- toYaml .rules | nindent 2 }}
{{ include "library.head" (merge (dict "kind" (printf "%sBinding" .kind) "name" (.bindingName | default .name)) .) }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: {{ .kind }}, name: {{ .name }}}
subjects:
  {{- range .serviceAccounts | default (list .serviceAccount) }}
  - {kind: ServiceAccount, name: {{ . }}, namespace: {{ $.root.Release.Namespace }}}
  {{- end }}
{{- end -}}

{{/* A PodDisruptionBudget: minAvailable, or else maxUnavailable, which is 1 by itself. */}}
{{- define "library.disruptionBudget" -}}
{{ include "library.head" . }}
spec:
  {{- if or (kindIs "invalid" .minAvailable) (eq (toString .minAvailable) "") }}
  maxUnavailable: {{ .maxUnavailable | default 1 }}
  {{- else }}
  minAvailable: {{ .minAvailable }}
  {{- end }}
  selector: {matchLabels: {{ toJson .selector }}}
{{- end -}}

{{/* A NetworkPolicy that admits ports (numbers) from everywhere. */}}
{{- define "library.networkPolicy" -}}
{{ include "library.head" . }}
spec:
  podSelector: {matchLabels: {{ toJson .selector }}}
  policyTypes: [Ingress, Egress]
  egress: [{}]
  ingress:
    - ports:
        {{- range .ports }}
        - port: {{ int . }}
        {{- end }}
{{- end -}}

{{/* An Ingress with one rule for each of hosts: className, path, pathType, tls, service, port (name or number). */}}
{{- define "library.ingress" -}}
{{ include "library.head" . }}
spec:
  {{- with .className }}
  ingressClassName: {{ . }}
  {{- end }}
  {{- with .tls }}
  tls: {{ toJson . }}
  {{- end }}
  rules:
    {{- range .hosts }}
    - host: {{ . | quote }}
      http:
        paths:
          - path: {{ $.path | default "/" }}
            pathType: {{ $.pathType | default "Prefix" }}
            backend: {service: {name: {{ $.service }}, port: {{ if kindIs "string" $.port }}{name: {{ $.port }}}{{ else }}{number: {{ int $.port }}}{{ end }}}}
    {{- end }}
{{- end -}}

{{/* A ServiceMonitor: endpoints (port, and what else an endpoint has), namespaces (the release's by itself). */}}
{{- define "library.serviceMonitor" -}}
{{ include "library.head" . }}
spec:
  endpoints: {{- toYaml .endpoints | nindent 4 }}
  namespaceSelector: {matchNames: {{ toJson (.namespaces | default (list .root.Release.Namespace)) }}}
  selector: {matchLabels: {{ toJson .selector }}}
{{- end -}}

{{/* A PersistentVolumeClaim: persistence, as charts have it in their values. */}}
{{- define "library.claim" -}}
{{ include "library.head" . }}
spec: {{ include "library.claimSpec" (dict "root" .root "persistence" .persistence) }}
{{- end -}}

{{/* A claim's spec, as JSON. Takes root and persistence (accessModes or accessMode, size, storageClass or storageClassName). */}}
{{- define "library.claimSpec" -}}
{{- $p := .persistence -}}
{{- $spec := dict "accessModes" ($p.accessModes | default (list ($p.accessMode | default "ReadWriteOnce"))) "resources" (dict "requests" (dict "storage" $p.size)) -}}
{{- with coalesce $p.storageClass $p.storageClassName ((.root.Values.global).defaultStorageClass) }}{{ $_ := set $spec "storageClassName" . }}{{ end -}}
{{ toJson $spec }}
{{- end -}}
