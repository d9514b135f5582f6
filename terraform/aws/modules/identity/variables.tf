variable "name" {
  description = "Prefix of the roles."
  type        = string
}

variable "place" {
  description = "Account, partition and region."
  type = object({
    account_id = string
    partition  = string
    region     = string
  })
}

variable "cluster_name" {
  description = "Cluster whose pods get the roles."
  type        = string
}

variable "cluster_arn" {
  description = "ARN of it: no other cluster's pods may take the roles."
  type        = string
}

variable "namespace" {
  description = "Namespace of the platform."
  type        = string
  default     = "shortlist"
}

variable "release_readers" {
  description = "Service accounts in it that read releases."
  type        = set(string)
  default     = ["serving"]
}

variable "release_writers" {
  description = "Service accounts in it that write and read releases: the jobs that train."
  type        = set(string)
  default     = ["cli"]
}

variable "releases" {
  description = "Bucket of the releases, where they lie in it, and its key."
  type = object({
    bucket_arn = string
    prefix     = string
    key_arn    = string
  })
}

variable "secrets" {
  description = "Beginning of the names of the secrets that External Secrets reads, and their key."
  type = object({
    prefix  = string
    key_arn = string
  })
}

variable "external_secrets" {
  description = "Where the External Secrets operator runs."
  type = object({
    namespace       = string
    service_account = string
  })
  default = { namespace = "external-secrets", service_account = "external-secrets" }
}

variable "cluster_autoscaler" {
  description = "Where the cluster autoscaler runs."
  type = object({
    namespace       = string
    service_account = string
  })
  default = { namespace = "kube-system", service_account = "cluster-autoscaler" }
}
