{{/*
Renders a stand-in: every list under objects/, in order. A list is YAML made by a template; it has parts, whose objects
share labels and a selector:

  - labels: {…}            # of every object of the part
    selector: {…}          # of its pods
    objects:
      - kind: Service      # what the kind needs besides: _objects.tpl and _workloads.tpl
        name: web
        when: true         # false, empty or null: left out. A part may have it too.
        labels: {…}        # besides the part's
        selector: {…}      # instead of the part's
        annotations: {…}
        hook: {at: post-install, delete: hook-succeeded}

The fields of a kind that needs no short form are taken as they are; an object that brings its own metadata, as a whole.

Where the chart's program really runs, upstream/ has the objects of its own manifest (upstream.go): its definitions and webhooks are rendered
as they are, unless a list has an object of that kind and name; all can be read with library.upstream.
*/}}
{{- define "library.render" -}}
{{- $root := . -}}
{{- $made := dict -}}
{{- range $file, $_ := .Files.Glob "objects/*.yaml" -}}
{{- range $part := tpl ($root.Files.Get $file) $root | fromYamlArray -}}
{{- if not (kindIs "map" $part) }}{{ fail (printf "%s: not a list of parts: %v" $file $part) }}{{ end -}}
{{- if or (not (hasKey $part "when")) $part.when -}}
{{- range $object := $part.objects -}}
{{- if or (not (hasKey $object "when")) $object.when -}}
{{- $_ := set $made (printf "upstream/%s-%s.yaml" (lower $object.kind) (($object.metadata | default $object).name)) true -}}
{{ include "library.object" (dict "root" $root "part" $part "object" $object) }}
{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $file, $_ := .Files.Glob "upstream/{customresourcedefinition,mutatingwebhookconfiguration,validatingwebhookconfiguration}-*.yaml" }}
{{- if not (hasKey $made $file) }}
---
{{- $text := $root.Files.Get $file }}
{{- if eq (toString ($root.Values.crds).keep) "false" }}{{ $text = $text | replace "    helm.sh/resource-policy: keep\n" "" }}{{ end }}
{{ $text }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* An object of the program's own manifest, as JSON; empty where it does not run. Takes root and name: the kind in lower case, a dash, the name. */}}
{{- define "library.upstream" -}}
{{- .root.Files.Get (printf "upstream/%s.yaml" .name) | fromYaml | toJson -}}
{{- end -}}

{{/* One object of a list. Takes root, part and object. */}}
{{- define "library.object" -}}
{{- $object := .object -}}
{{- if $object.metadata -}}
---
{{ toYaml (omit $object "when") }}
{{- else -}}
{{- $own := merge (dict) (omit $object "labels" "selector") -}}
{{- $_ := set $own "root" .root -}}
{{- $_ := set $own "labels" (merge (dict) ($object.labels | default dict) (.part.labels | default dict)) -}}
{{- $_ := set $own "selector" (ternary $object.selector .part.selector (hasKey $object "selector")) -}}
{{- $forms := dict
  "Service" "service" "ServiceAccount" "serviceAccount" "Role" "role" "ClusterRole" "role" "PodDisruptionBudget" "disruptionBudget"
  "NetworkPolicy" "networkPolicy" "Ingress" "ingress" "ServiceMonitor" "serviceMonitor" "PersistentVolumeClaim" "claim"
  "Deployment" "workload" "StatefulSet" "workload" "DaemonSet" "workload" "Job" "job" -}}
{{ include (printf "library.%s" (get $forms $object.kind | default "plain")) $own }}
{{- end -}}
{{- end -}}

{{/* apiVersion, kind and metadata. Takes an object with root. */}}
{{- define "library.head" -}}
{{- $groups := dict
  "Service" "v1" "ServiceAccount" "v1" "Secret" "v1" "ConfigMap" "v1" "PersistentVolumeClaim" "v1" "Pod" "v1" "Endpoints" "v1"
  "Deployment" "apps/v1" "StatefulSet" "apps/v1" "DaemonSet" "apps/v1" "Job" "batch/v1" "CronJob" "batch/v1"
  "Role" "rbac.authorization.k8s.io/v1" "RoleBinding" "rbac.authorization.k8s.io/v1"
  "ClusterRole" "rbac.authorization.k8s.io/v1" "ClusterRoleBinding" "rbac.authorization.k8s.io/v1"
  "PodDisruptionBudget" "policy/v1" "NetworkPolicy" "networking.k8s.io/v1" "Ingress" "networking.k8s.io/v1" "IngressClass" "networking.k8s.io/v1"
  "ValidatingWebhookConfiguration" "admissionregistration.k8s.io/v1" "MutatingWebhookConfiguration" "admissionregistration.k8s.io/v1"
  "Prometheus" "monitoring.coreos.com/v1" "Alertmanager" "monitoring.coreos.com/v1" "PrometheusRule" "monitoring.coreos.com/v1"
  "ServiceMonitor" "monitoring.coreos.com/v1" "Probe" "monitoring.coreos.com/v1" -}}
{{- $everywhere := list "ClusterRole" "ClusterRoleBinding" "IngressClass" "ValidatingWebhookConfiguration" "MutatingWebhookConfiguration" -}}
{{- $annotations := merge (dict) (.annotations | default dict) -}}
{{- with .hook -}}
{{- $_ := set $annotations "helm.sh/hook" .at -}}
{{- $_ := set $annotations "helm.sh/hook-delete-policy" .delete -}}
{{- end -}}
---
apiVersion: {{ .apiVersion | default (get $groups .kind) | required (printf "%s %s: apiVersion is needed of a kind that the library does not know" .kind .name) }}
kind: {{ .kind }}
metadata:
  name: {{ .name }}
  {{- if not (has .kind $everywhere) }}
  namespace: {{ .namespace | default .root.Release.Namespace }}
  {{- end }}
  labels: {{- toYaml .labels | nindent 4 }}
  {{- with $annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* A kind without a short form: all of its fields as they are. */}}
{{- define "library.plain" -}}
{{ include "library.head" . }}
{{ toYaml (omit . "root" "apiVersion" "kind" "name" "namespace" "labels" "selector" "annotations" "hook" "when") }}
{{- end -}}
