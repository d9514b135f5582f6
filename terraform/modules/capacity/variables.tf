variable "pods" {
  description = "Serving pods: `least` and `most` are minReplicas and maxReplicas of the autoscaler, `planned` what `shortlist capacity` says for the busiest hour (a lost zone included)."
  type = object({
    least   = number
    planned = number
    most    = number
  })

  validation {
    condition     = alltrue([for count in values(var.pods) : count == floor(count) && count >= 1])
    error_message = "pods: whole numbers of at least 1."
  }

  validation {
    condition     = var.pods.least <= var.pods.planned && var.pods.planned <= var.pods.most
    error_message = "pods: least <= planned <= most. If `shortlist capacity` asks for more than `most`, raise the autoscaler's maxReplicas too."
  }
}

variable "pod_memory_gib" {
  description = "Memory limit of one serving pod, GiB."
  type        = number

  validation {
    condition     = var.pod_memory_gib > 0
    error_message = "pod_memory_gib must be above 0."
  }
}

variable "node" {
  description = "What a node of the serving pool has: whole cores and GiB of memory."
  type = object({
    cores      = number
    memory_gib = number
  })

  validation {
    condition     = var.node.cores == floor(var.node.cores) && var.node.cores >= 2
    error_message = "node.cores: a whole number of at least 2 (one is the node's own)."
  }

  validation {
    condition     = floor((var.node.memory_gib * 0.93 - 1.2) / var.pod_memory_gib) >= 1
    error_message = "node.memory_gib: not even one pod of pod_memory_gib fits."
  }
}

variable "zones" {
  description = "Availability zones that the nodes are spread over."
  type        = number

  validation {
    condition     = var.zones >= 2 && var.zones == floor(var.zones)
    error_message = "zones: a whole number of at least 2."
  }
}

variable "surge_share" {
  description = "Pods beyond `most` that exist for a while during a rollout, as a share of it."
  type        = number
  default     = 0.25

  validation {
    condition     = var.surge_share >= 0 && var.surge_share <= 1
    error_message = "surge_share: 0 to 1."
  }
}
