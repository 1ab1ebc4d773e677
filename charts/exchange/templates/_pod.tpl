{{/* The pod fields that all parts share: no rights, no writable root. Takes root. */}}
{{- define "exchange.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* The container fields that all parts share. Takes root. */}}
{{- define "exchange.container" -}}
image: {{ include "exchange.image" .root | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{/* Where the pods of a part run. Takes root, part and values, the part's. */}}
{{- define "exchange.placement" -}}
{{- with .values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: {{ .values.spread }}
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels: {{- include "exchange.selector" . | nindent 8 }}
{{- end -}}

{{/* The annotations that make pods roll when what they read changes. Takes root and values, the part's. */}}
{{- define "exchange.podAnnotations" -}}
checksum/config: {{ include "exchange.settings" .root | sha256sum }}
{{- with .root.Values.secretRevision }}
checksum/secret: {{ . | quote }}
{{- end }}
{{- with .values.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* A PodDisruptionBudget for a part of several pods. Takes root and part. */}}
{{- define "exchange.disruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "exchange.partName" . }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{- include "exchange.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  # A pod that never became ready must not hold up the drain of its node.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels: {{- include "exchange.selector" . | nindent 6 }}
{{- end -}}

{{/*
The request of a probe. Without these headers Django refuses it, because it does not know the pod's address as a host, or
answers it with a redirect to https, which counts as healthy. Takes path and host.
*/}}
{{- define "exchange.probe" -}}
httpGet:
  path: {{ .path }}
  port: http
  httpHeaders:
    - {name: Host, value: {{ .host | quote }}}
    - {name: X-Forwarded-Proto, value: https}
{{- end -}}

{{/* What the containers of the migrations Job share; the settings are spelled out, because no ConfigMap is there yet. Takes root. */}}
{{- define "exchange.migrationsContainer" -}}
{{- $m := .root.Values.migrations -}}
{{- $database := .root.Values.database -}}
{{ include "exchange.container" . }}
env:
  {{- range $name, $value := include "exchange.settings" .root | fromYaml }}
  - {name: {{ $name }}, value: {{ $value | quote }}}
  {{- end }}
  {{- include "exchange.credentials" (dict "root" .root "host" ($database.migrationsHost | default $database.host)) | nindent 2 }}
  # A migration that waits for a lock blocks everybody behind it: better to fail and try again.
  - {name: PGOPTIONS, value: "-c lock_timeout={{ $m.lockTimeout }}"}
resources: {{- toYaml $m.resources | nindent 2 }}
volumeMounts:
  - {name: tmp, mountPath: /tmp}
{{- end -}}

{{/*
Whether a Django-Q cluster is whole, seen from its processes, so that no application has to take part: below the first process
there is a guard, and below the guard its pusher, its monitor and at least one that works. One of them that stays dead
has a guard that no longer looks after them.
*/}}
{{- define "exchange.processProbe" -}}
import os, sys
below = {}
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        with open("/proc/%s/stat" % pid) as stat:
            state, parent = stat.read().rpartition(")")[2].split()[:2]
    except OSError:
        continue
    below.setdefault(parent, {})[pid] = state
guarded = [list(below.get(pid, {}).values()) for pid in below.get("1", {})]
if not any(len(states) >= 3 and not set(states) & set("ZX") for states in guarded):
    sys.exit("Django-Q's processes are not whole: %s" % guarded)
{{- end -}}
