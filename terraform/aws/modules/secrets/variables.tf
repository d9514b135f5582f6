variable "prefix" {
  description = "Beginning of every secret's name; External Secrets may read what begins so."
  type        = string
}

variable "key_arn" {
  description = "Key of the encryption."
  type        = string
}

variable "generated" {
  description = "Secrets that are drawn here, by name: JSON of `fields`, which are not secret, and a password of 40 letters and digits under `password_field`. Raise `version` to draw a new one."
  type = map(object({
    description    = string
    password_field = optional(string, "password")
    fields         = optional(map(string), {})
    version        = optional(number, 1)
  }))
  default = {}

  validation {
    condition     = alltrue([for secret in values(var.generated) : secret.version >= 1 && secret.version == floor(secret.version)])
    error_message = "generated: version is a whole number of at least 1."
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
  description = "Secrets whose value comes from elsewhere (`aws secretsmanager put-secret-value`), name to description."
  type        = map(string)
  default     = {}
}
