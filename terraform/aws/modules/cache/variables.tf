variable "name" {
  description = "Identifier of the replication group, prefix of its names."
  type        = string

  validation {
    condition     = length(var.name) <= 26
    error_message = "name: at most 26 characters, so that the user's id stays within 40."
  }
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
  description = "Key of the encryption at rest."
  type        = string
}

variable "logs_key_arn" {
  description = "Key that encrypts the slow log."
  type        = string
}

variable "log_days" {
  description = "How long the slow log is kept, days (a value that CloudWatch offers)."
  type        = number
  default     = 30
}

variable "engine_version" {
  description = "Valkey, `major.minor`."
  type        = string
  default     = "8.0"

  validation {
    condition     = can(regex("^[89]\\.[0-9]+$", var.engine_version))
    error_message = "engine_version: Valkey 8.0 or later."
  }
}

variable "node_type" {
  description = "Type of each node."
  type        = string
  default     = "cache.r7g.large"

  validation {
    condition     = can(regex("^cache\\.[a-su-z][a-z0-9]*\\.[0-9a-z]+$", var.node_type))
    error_message = "node_type: not a burstable one, e.g. cache.r7g.large."
  }
}

variable "replicas" {
  description = "Replicas beside the primary, in other zones."
  type        = number
  default     = 2

  validation {
    condition     = var.replicas >= 1 && var.replicas <= 5
    error_message = "replicas: 1 to 5; without one nothing takes over."
  }
}

variable "access_string" {
  description = "What the application may do: every key and channel of Shortlist begins with `sl:`; INFO tells it whether the server is another one than before."
  type        = string
  default     = "on ~sl:* &sl:* +@all -@dangerous -@admin +info"

  validation {
    condition     = startswith(var.access_string, "on ") && !strcontains(var.access_string, "nopass") && !strcontains(var.access_string, ">")
    error_message = "access_string: begins with `on`, and holds neither a password nor `nopass`."
  }
}

variable "maintenance_window" {
  description = "Weekly maintenance, UTC."
  type        = string
  default     = "sun:04:30-sun:05:30"
}
