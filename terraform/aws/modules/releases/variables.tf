variable "bucket_name" {
  description = "Name of the bucket, unique in all of AWS."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "bucket_name: 3 to 63 lower-case letters, digits and hyphens."
  }
}

variable "key_arn" {
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
  description = "For how many days an uploaded object can be neither changed nor removed. `GOVERNANCE` lets lock_administrator_arns end it early, `COMPLIANCE` nobody, not even the account's owner."
  type = object({
    mode = string
    days = number
  })
  default = { mode = "GOVERNANCE", days = 90 }

  validation {
    condition     = contains(["GOVERNANCE", "COMPLIANCE"], var.lock.mode) && var.lock.days >= 1 && var.lock.days <= 3650
    error_message = "lock: mode GOVERNANCE or COMPLIANCE, 1 to 3650 days."
  }
}

variable "lock_administrator_arns" {
  description = "Who may change the lock's rule, and end a GOVERNANCE lock early. Has to include who runs Terraform."
  type        = list(string)

  validation {
    condition     = length(var.lock_administrator_arns) > 0 && !contains(var.lock_administrator_arns, "*")
    error_message = "lock_administrator_arns: at least one, and never `*`."
  }
}

variable "retired_days" {
  description = "How long a release stays after its objects were tagged `shortlist.dev/retired=true`, days."
  type        = number
  default     = 30

  validation {
    condition     = var.retired_days >= 1
    error_message = "retired_days: at least 1."
  }
}
