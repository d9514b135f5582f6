variable "place" {
  description = "Project, its number, and region."
  type = object({
    project_id     = string
    project_number = string
    region         = string
  })
}

variable "namespace" {
  description = "Namespace of the platform."
  type        = string
  default     = "shortlist"
}

variable "bucket_name" {
  description = "Bucket of the releases."
  type        = string
}

variable "release_readers" {
  description = "Service accounts that read releases."
  type        = set(string)
  default     = ["serving"]
}

variable "release_writers" {
  description = "Service accounts that create and read them: the jobs that train."
  type        = set(string)
  default     = ["cli"]
}

variable "readable_secrets" {
  description = "Ids of the secrets that External Secrets reads, by name."
  type        = map(string)

  validation {
    condition     = !contains(keys(var.readable_secrets), "database-admin")
    error_message = "readable_secrets: not the administrator's."
  }
}

variable "external_secrets" {
  description = "Where the External Secrets operator runs."
  type = object({
    namespace       = string
    service_account = string
  })
  default = { namespace = "external-secrets", service_account = "external-secrets" }
}
