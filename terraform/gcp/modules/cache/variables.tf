variable "name" {
  description = "Name of the instance."
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
  description = "Key of the encryption at rest."
  type        = string
}

variable "memory_gib" {
  description = "Memory, GiB; with read replicas at least 5."
  type        = number
  default     = 13

  validation {
    condition     = var.memory_gib >= 5
    error_message = "memory_gib: at least 5."
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
