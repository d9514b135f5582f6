variable "bucket_name" {
  description = "Name of the bucket, unique in all of Google Cloud."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "bucket_name: 3 to 63 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "Region of the bucket."
  type        = string
}

variable "key_id" {
  description = "Key of the encryption."
  type        = string
}

variable "prefix" {
  description = "Where releases lie in the bucket."
  type        = string
  default     = "releases/"

  validation {
    condition     = endswith(var.prefix, "/") && !startswith(var.prefix, "/")
    error_message = "prefix: ends with a slash and does not begin with one."
  }
}

variable "lock" {
  description = "For how many days an object can be neither changed nor removed. `is_final` locks the policy itself: it can then never be shortened, nor the bucket deleted while something is in it."
  type        = object({ days = number, is_final = bool })
  default     = { days = 90, is_final = false }

  validation {
    condition     = var.lock.days >= 1 && var.lock.days <= 3650
    error_message = "lock.days: 1 to 3650."
  }
}

variable "retired_days" {
  description = "How long a release stays after its objects' custom time was set, days."
  type        = number
  default     = 30

  validation {
    condition     = var.retired_days >= 1
    error_message = "retired_days: at least 1."
  }
}
