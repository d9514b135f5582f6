variable "name" {
  description = "Alias of the key, without `alias/`."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9/-]{2,100}$", var.name))
    error_message = "name: lower-case letters, digits, hyphens and slashes, 3 to 101 characters."
  }
}

variable "description" {
  description = "What the key protects."
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

variable "is_for_logs" {
  description = "Whether CloudWatch Logs of this account may use the key for its log groups."
  type        = bool
  default     = false
}
