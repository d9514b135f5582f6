variable "name" {
  description = "Identifier of the instance, prefix of its names."
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

variable "vpc_id" {
  description = "VPC of the security group."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets without a route out, in at least two zones."
  type        = list(string)
}

variable "client_security_group_id" {
  description = "Who may connect: the security group of the nodes."
  type        = string
}

variable "key_arn" {
  description = "Key of storage, backups, performance data and of the administrator's secret."
  type        = string
}

variable "logs_key_arn" {
  description = "Key that encrypts the exported logs."
  type        = string
}

variable "log_days" {
  description = "How long PostgreSQL's log is kept, days (a value that CloudWatch offers)."
  type        = number
  default     = 90
}

variable "engine_version" {
  description = "PostgreSQL, a major version (RDS keeps the minor up to date) or `major.minor`."
  type        = string
  default     = "18"

  validation {
    # UNIQUE NULLS NOT DISTINCT in the migrations.
    condition     = can(regex("^1[5-9](\\.[0-9]+)?$", var.engine_version))
    error_message = "engine_version: 15 or later, e.g. 18 or 18.1; tests run on 18."
  }
}

variable "instance_class" {
  description = "Class of the instance and of its standby."
  type        = string
  default     = "db.r7g.2xlarge"

  validation {
    condition     = can(regex("^db\\.[a-su-z][a-z0-9]*\\.[0-9a-z]+$", var.instance_class))
    error_message = "instance_class: not a burstable one, e.g. db.r7g.2xlarge."
  }
}

variable "database_name" {
  description = "Name of the database."
  type        = string
  default     = "shortlist"

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,62}$", var.database_name))
    error_message = "database_name: lower-case letters, digits and underscores."
  }
}

variable "storage_gib" {
  description = "Storage at the start and the most it may grow to, GiB. From 400 GiB on gp3 stripes and has 12,000 operations a second."
  type = object({
    initial = number
    most    = number
  })
  default = { initial = 500, most = 4000 }

  validation {
    condition     = var.storage_gib.initial >= 20
    error_message = "storage_gib.initial: at least 20."
  }
}

variable "backup_days" {
  description = "How long backups are kept, and so how far back point-in-time recovery reaches; days."
  type        = number
  default     = 14

  validation {
    condition     = var.backup_days >= 7 && var.backup_days <= 35
    error_message = "backup_days: 7 to 35 (35 is RDS's most)."
  }
}

variable "backup_window" {
  description = "Daily backup, UTC, outside the maintenance window."
  type        = string
  default     = "02:00-03:00"
}

variable "maintenance_window" {
  description = "Weekly maintenance, UTC."
  type        = string
  default     = "sun:03:30-sun:04:30"
}

variable "is_protected" {
  description = "Refuse to delete the instance. Set it to false, apply, and only then destroy."
  type        = bool
  default     = true
}
