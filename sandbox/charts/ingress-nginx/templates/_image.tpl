{{/* The reference of an image, whose registry is said once for all. Takes root and image. */}}
{{- define "ingress.image" -}}
{{- $image := merge (dict "repository" .image.image "registry" (.image.registry | default .root.Values.global.image.registry)) .image -}}
{{- include "library.image" (dict "root" .root "image" $image) -}}
{{- end -}}
