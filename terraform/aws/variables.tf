variable "name" {
  description = "Name of this installation; every name begins with it."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,24}[a-z0-9]$", var.name)) && !strcontains(var.name, "--")
    error_message = "name: 4 to 26 lower-case letters, digits and single hyphens, beginning with a letter (AWS allows a cache no longer ones)."
  }
}

variable "place" {
  description = "Account, partition and region that the provider is set up for."
  type = object({
    account_id = string
    partition  = optional(string, "aws")
    region     = string
  })

  validation {
    condition     = can(regex("^[0-9]{12}$", var.place.account_id)) && can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.place.region))
    error_message = "place: an account of 12 digits and a region such as eu-central-1."
  }
}

variable "zones" {
  description = "Three availability zones of the region."
  type        = list(string)
}

variable "network_cidr" {
  description = "IPv4 range of the VPC, a /16 that no network it is ever peered with uses."
  type        = string
  default     = "10.40.0.0/16"
}

variable "nat_per_zone" {
  description = "A NAT gateway in each zone. One for all (false) saves about two thirds of its price and falls with its zone."
  type        = bool
  default     = true
}

variable "kubernetes_version" {
  description = "Minor version of Kubernetes, 1.35 or later."
  type        = string
  default     = "1.35"
}

variable "addon_versions" {
  description = "Versions of EKS add-ons by name; what is not named takes EKS's default."
  type        = map(string)
  default     = {}
}

variable "api_access_cidrs" {
  description = "Who reaches the Kubernetes API from the internet. Empty: nobody, only the VPC."
  type        = list(string)
  default     = []
}

variable "admin_principal_arns" {
  description = "Roles that administer the cluster and the lock of releases, by a name of your own; the one that runs Terraform among them."
  type        = map(string)
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
  description = "Nodes of the serving pool. Each type has these cores and at least this memory. m7a, m8a and r7a have a physical core for each vCPU (no hyper-threads) and int8 instructions (VNNI): a pod's core is a core, as it was measured."
  type = object({
    instance_types = list(string)
    cores          = number
    memory_gib     = number
    capacity       = optional(string, "spot")
    # For pods whose requests equal their limits, as the production overlay's do.
    exclusive_cores = optional(bool, true)
  })
  default = {
    instance_types = ["m7a.2xlarge", "m8a.2xlarge", "r7a.2xlarge"]
    cores          = 8
    memory_gib     = 32
  }
}

variable "general_node" {
  description = "Nodes, on demand, of everything but serving: ingest, experiments, controller, training jobs, operators, monitoring. At least one a zone."
  type = object({
    instance_types = list(string)
    size           = object({ min = number, initial = number, max = number })
  })
  default = {
    instance_types = ["m7a.2xlarge"]
    size           = { min = 3, initial = 3, max = 9 }
  }

  validation {
    condition     = var.general_node.size.min >= 3
    error_message = "general_node.size.min: at least one node in each of the three zones."
  }
}

variable "database" {
  description = "PostgreSQL: version, class, storage (GiB, first and most), days of backups and so of point-in-time recovery."
  type = object({
    engine_version = optional(string, "18")
    instance_class = optional(string, "db.r7g.2xlarge")
    storage_gib    = optional(object({ initial = number, most = number }), { initial = 500, most = 4000 })
    backup_days    = optional(number, 14)
  })
  default = {}
}

variable "cache" {
  description = "Valkey: type of a node, replicas beside the primary. It holds profiles of the last 30 days' shoppers and ready answers."
  type = object({
    node_type = optional(string, "cache.r7g.large")
    replicas  = optional(number, 2)
  })
  default = {}
}

variable "release_lock" {
  description = "For how long an uploaded release can be neither changed nor removed."
  type        = object({ mode = string, days = number })
  default     = { mode = "GOVERNANCE", days = 90 }
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
  description = "Service accounts that write and read them."
  type        = set(string)
  default     = ["cli"]
}

variable "budget" {
  description = "What a month may cost, US dollars, and who is told at 50, 80 and 100 %."
  type = object({
    monthly_usd = number
    emails      = list(string)
  })
}

variable "cost_tag" {
  description = "Tag that the provider puts on everything (default_tags), by which the budget tells its costs."
  type        = object({ key = string, value = string })
}

variable "is_protected" {
  description = "Refuse to delete the database. Set it to false and apply before destroying."
  type        = bool
  default     = true
}
