{{/* ev.image: the image of NAME, by the version of the service or of the release. (dict "root" $ "name" "ev-wallet" "version" "…") */}}
{{- define "ev.image" -}}
{{- $version := default (default .root.Chart.AppVersion .root.Values.version) .version -}}
{{- with .root.Values.registry }}{{ . }}/{{ end }}{{ .name }}:{{ $version }}
{{- end -}}

{{- define "ev.labels" -}}
app.kubernetes.io/name: {{ . }}
app.kubernetes.io/part-of: ev
{{- end -}}

{{/* The restricted Pod Security level, for a pod of the user with this number. */}}
{{- define "ev.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ . }}
  runAsGroup: {{ . }}
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{- define "ev.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{- define "ev.spread" -}}
topologySpreadConstraints:
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- $.selector | nindent 8 }}
{{- end }}
{{- end -}}

{{/* (dict "root" $ "name" "ev-wallet") */}}
{{- define "ev.autoscaler" -}}
minReplicas: {{ .Values.replicas.min }}
maxReplicas: {{ .Values.replicas.max }}
metrics:
  - type: Resource
    resource:
      name: cpu
      target:
        type: Utilization
        averageUtilization: 70
behavior:
  scaleDown:
    stabilizationWindowSeconds: 300
{{- end -}}

{{- define "ev.caVolume" -}}
- name: ca
  secret:
    secretName: ev-ca
{{- end -}}

{{- define "ev.caMount" -}}
- name: ca
  mountPath: /etc/ev/ca
  readOnly: true
{{- end -}}

{{- define "ev.caEnv" -}}
env:
  - name: TLS_CA_FILE
    value: /etc/ev/ca/ca.pem
{{- end -}}
