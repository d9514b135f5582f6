variable "secrets" {
  description = "Output `secrets_to_draw` of the installation, `database-admin` among them: JSON of `fields`, which are not secret, and a password of 40 letters and digits under `password_field`."
  type = map(object({
    id             = string
    password_field = string
    fields         = map(string)
  }))

  validation {
    condition     = contains(keys(var.secrets), "database-admin")
    error_message = "secrets: database-admin is needed."
  }

  validation {
    condition     = alltrue([for secret in values(var.secrets) : !contains(keys(secret.fields), secret.password_field)])
    error_message = "secrets: `fields` must not hold the password."
  }
}

variable "versions" {
  description = "Raise a secret's number (1 at first) to draw a new password; the database's SQL has to follow (README)."
  type        = map(number)
  default     = {}

  validation {
    condition     = alltrue([for version in values(var.versions) : version >= 1 && version == floor(version)])
    error_message = "versions: whole numbers of at least 1."
  }
}

variable "database_instance" {
  description = "Cloud SQL instance whose administrator is made."
  type        = string
}
