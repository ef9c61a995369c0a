{{- define "metafs-operator.name" -}}
{{- if contains "metafs-operator" .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-metafs-operator" (.Release.Name | trunc 36 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{- define "metafs-operator.serviceAccount" -}}
{{- default (include "metafs-operator.name" .) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "metafs-operator.selector" -}}
app.kubernetes.io/name: metafs-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "metafs-operator.labels" -}}
{{ include "metafs-operator.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}
