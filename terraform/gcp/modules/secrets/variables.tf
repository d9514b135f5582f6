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

variable "secrets" {
  description = "Names of the secrets, `cache` among them."
  type        = set(string)

  validation {
    condition     = contains(var.secrets, "cache")
    error_message = "secrets: cache is needed."
  }
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
