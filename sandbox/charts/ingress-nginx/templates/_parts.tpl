{{- define "ingress.controllerName" -}}{{ include "common.fullname" . }}-controller{{- end -}}
{{- define "ingress.image" -}}
{{- $image := merge (dict "repository" .image.image "registry" (.image.registry | default .root.Values.global.image.registry)) .image -}}
{{- include "common.image" (dict "root" .root "image" $image) -}}
{{- end -}}
