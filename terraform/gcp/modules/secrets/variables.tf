variable "prefix" {
  description = "Beginning of every secret's name."
  type        = string
}

variable "region" {
  description = "Where secrets are kept."
  type        = string
}

variable "key_id" {
  description = "Key of the encryption."
  type        = string
}

variable "generated" {
  description = "Secrets that are drawn here, by name, `database-admin` among them: JSON of `fields`, which are not secret, and a password of 40 letters and digits under `password_field`. Raise `version` to draw a new one."
  type = map(object({
    password_field = optional(string, "password")
    fields         = optional(map(string), {})
    version        = optional(number, 1)
  }))

  validation {
    condition     = contains(keys(var.generated), "database-admin")
    error_message = "generated: database-admin is needed."
  }

  validation {
    condition     = alltrue([for secret in values(var.generated) : !contains(keys(secret.fields), secret.password_field)])
    error_message = "generated: `fields` must not hold the password."
  }
}

variable "draws" {
  description = "Whether values are drawn here. If not, the secrets are made empty and somebody else puts them in."
  type        = bool
  default     = true
}

variable "external" {
  description = "Secrets whose value comes from elsewhere (`gcloud secrets versions add`), name to what it is; `cache` is written here."
  type        = map(string)

  validation {
    condition     = contains(keys(var.external), "cache")
    error_message = "external: cache is needed."
  }
}

variable "database_instance" {
  description = "Cloud SQL instance whose administrator is made."
  type        = string
}

variable "cache" {
  description = "Where the cache is; raise `version` after Google gave it a new password."
  type        = object({ host = string, port = number, version = number })
}

variable "cache_password" {
  description = "The cache's password, as Google made it."
  type        = string
  sensitive   = true
}
