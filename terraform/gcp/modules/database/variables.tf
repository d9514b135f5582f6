variable "name" {
  description = "Name of the instance. One that was deleted cannot be used again for a week."
  type        = string
}

variable "region" {
  description = "Region of the instance."
  type        = string
}

variable "network_id" {
  description = "VPC with private services access."
  type        = string
}

variable "key_id" {
  description = "Key of storage and backups."
  type        = string
}

variable "database_version" {
  description = "PostgreSQL."
  type        = string
  default     = "POSTGRES_18"

  validation {
    condition     = can(regex("^POSTGRES_1[5-9]$", var.database_version))
    error_message = "database_version: POSTGRES_15 or later."
  }
}

variable "tier" {
  description = "Machine of the instance and of its standby, with cores of its own."
  type        = string
  default     = "db-custom-8-65536"

  validation {
    condition     = can(regex("^db-(custom|perf-optimized)-", var.tier))
    error_message = "tier: db-custom-<cores>-<MiB>; no shared core."
  }
}

variable "database_name" {
  description = "Name of the database."
  type        = string
  default     = "shortlist"
}

variable "storage_gib" {
  description = "Storage at the start and the most it may grow to, GiB."
  type        = object({ initial = number, most = number })
  default     = { initial = 500, most = 4000 }
}

variable "recovery_days" {
  description = "How far back point-in-time recovery reaches, days."
  type        = number
  default     = 7

  validation {
    condition     = var.recovery_days >= 1 && var.recovery_days <= 7
    error_message = "recovery_days: 1 to 7, the most of the edition ENTERPRISE."
  }
}

variable "backups" {
  description = "Daily backups that are kept."
  type        = number
  default     = 14

  validation {
    condition     = var.backups >= 7
    error_message = "backups: at least 7."
  }
}

variable "is_protected" {
  description = "Refuse to delete the instance. Set it to false, apply, and only then destroy."
  type        = bool
  default     = true
}
