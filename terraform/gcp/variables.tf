variable "name" {
  description = "Name of this installation; every name begins with it."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,22}[a-z0-9]$", var.name))
    error_message = "name: 4 to 24 lower-case letters, digits and hyphens, beginning with a letter (service accounts have no longer ones)."
  }
}

variable "place" {
  description = "Project, its number, and region."
  type = object({
    project_id     = string
    project_number = string
    region         = string
  })

  validation {
    condition     = can(regex("^[0-9]{6,}$", var.place.project_number)) && can(regex("^[a-z]+-[a-z]+[0-9]+$", var.place.region))
    error_message = "place: the project's number and a region such as europe-west3."
  }
}

variable "zones" {
  description = "Three zones of the region."
  type        = list(string)
}

variable "network_cidr" {
  description = "IPv4 range of the VPC, a /16 that no network it is ever peered with uses."
  type        = string
  default     = "10.40.0.0/16"
}

variable "kubernetes_version" {
  description = "Least minor version of Kubernetes, 1.35 or later."
  type        = string
  default     = "1.35"
}

variable "api_access_cidrs" {
  description = "Who reaches the Kubernetes API from the internet. Empty: nobody, only the VPC."
  type        = list(string)
  default     = []
}

variable "serving_pods" {
  description = "Serving pods: the autoscaler's least and most, and what `shortlist capacity` plans for the busiest hour with a zone gone. The default is 10,000 requests/s, 1,000,000 items, 500 candidates, p99 100 ms."
  type        = object({ least = number, planned = number, most = number })
  default     = { least = 5, planned = 48, most = 50 }
}

variable "serving_pod_memory_gib" {
  description = "Memory limit of a serving pod in deploy/overlays/production, GiB (`shortlist capacity` says what the process takes)."
  type        = number
  default     = 4
}

variable "serving_node" {
  description = "Nodes of the serving pool. c3d (AMD Genoa) has int8 instructions (VNNI); hyper-threads are off, so 16 vCPUs are 8 cores."
  type = object({
    machine_type = string
    cores        = number
    memory_gib   = number
    capacity     = optional(string, "spot")
    # For pods whose requests equal their limits, as the production overlay's do.
    exclusive_cores = optional(bool, true)
  })
  default = { machine_type = "c3d-standard-16", cores = 8, memory_gib = 64 }
}

variable "general_node" {
  description = "Nodes, on demand, of everything but serving. At least one a zone."
  type = object({
    machine_type = string
    size         = object({ min = number, initial = number, max = number })
  })
  default = { machine_type = "c3d-standard-8", size = { min = 3, initial = 3, max = 9 } }

  validation {
    condition     = var.general_node.size.min >= 3
    error_message = "general_node.size.min: at least one node in each of the three zones."
  }
}

variable "database" {
  description = "PostgreSQL: version, machine, storage (GiB, first and most), daily backups kept. Point-in-time recovery reaches back 7 days."
  type = object({
    version     = optional(string, "POSTGRES_18")
    tier        = optional(string, "db-custom-8-65536")
    storage_gib = optional(object({ initial = number, most = number }), { initial = 500, most = 4000 })
    backups     = optional(number, 14)
  })
  default = {}
}

variable "cache" {
  description = "Redis: memory (GiB), replicas beside the primary. It holds profiles of the last 30 days' shoppers and ready answers."
  type = object({
    memory_gib = optional(number, 13)
    replicas   = optional(number, 2)
  })
  default = {}
}

variable "release_lock" {
  description = "For how long an uploaded release can be neither changed nor removed; `is_final` can never be taken back."
  type        = object({ days = number, is_final = bool })
  default     = { days = 90, is_final = false }
}

variable "namespace" {
  description = "Namespace of the platform in the cluster."
  type        = string
  default     = "shortlist"
}

variable "release_readers" {
  description = "Service accounts that read releases."
  type        = set(string)
  default     = ["serving"]
}

variable "release_writers" {
  description = "Service accounts that create and read them."
  type        = set(string)
  default     = ["cli"]
}

variable "cache_password_version" {
  description = "Raise it after Google gave the cache a new password, to write that into its secret."
  type        = number
  default     = 1
}

variable "budget" {
  description = "Billing account, what a month may cost in its currency, and who is told at 50, 80 and 100 %."
  type = object({
    billing_account = string
    monthly         = object({ amount = number, currency = string })
    emails          = list(string)
  })
}

variable "is_protected" {
  description = "Refuse to delete the cluster and the database. Set it to false and apply before destroying."
  type        = bool
  default     = true
}
