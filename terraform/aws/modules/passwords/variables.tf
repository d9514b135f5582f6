variable "secrets" {
  description = "Output `secrets_to_draw` of the installation: JSON of `fields`, which are not secret, and a password of 40 letters and digits under `password_field`."
  type = map(object({
    arn            = string
    password_field = string
    fields         = map(string)
  }))

  validation {
    condition     = alltrue([for secret in values(var.secrets) : !contains(keys(secret.fields), secret.password_field)])
    error_message = "secrets: `fields` must not hold the password."
  }
}

variable "versions" {
  description = "Raise a secret's number (1 at first) to draw a new password; the cache's script or the database's SQL has to follow (README)."
  type        = map(number)
  default     = {}

  validation {
    condition     = alltrue([for version in values(var.versions) : version >= 1 && version == floor(version)])
    error_message = "versions: whole numbers of at least 1."
  }
}
