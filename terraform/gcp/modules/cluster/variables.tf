variable "name" {
  description = "Name of the cluster."
  type        = string
}

variable "place" {
  description = "Project, its number, and region."
  type = object({
    project_id     = string
    project_number = string
    region         = string
  })
}

variable "zones" {
  description = "Three zones of the region."
  type        = list(string)

  validation {
    condition     = length(var.zones) == 3 && length(distinct(var.zones)) == 3
    error_message = "zones: three different ones; the platform is planned for the loss of one of three."
  }
}

variable "kubernetes_version" {
  description = "Least minor version of Kubernetes. From 1.35 on an autoscaler's tolerance can be set, which the dead band of the HPA needs."
  type        = string
  default     = "1.35"

  validation {
    condition     = can(regex("^1\\.[0-9]+$", var.kubernetes_version)) && try(tonumber(split(".", var.kubernetes_version)[1]) >= 35, false)
    error_message = "kubernetes_version: 1.35 or later; earlier ones drop `tolerance` of the HPA."
  }
}

variable "network_id" {
  description = "VPC of the cluster."
  type        = string
}

variable "subnet" {
  description = "Subnet of the nodes, and the names of its ranges for pods and services."
  type        = object({ id = string, pods = string, services = string })
}

variable "control_plane_cidr" {
  description = "A /28 for the control plane, outside the VPC's range."
  type        = string
  default     = "172.16.40.0/28"

  validation {
    condition     = can(cidrhost(var.control_plane_cidr, 0)) && endswith(var.control_plane_cidr, "/28")
    error_message = "control_plane_cidr: a /28."
  }
}

variable "api_access_cidrs" {
  description = "Who reaches the Kubernetes API from the internet. Empty: nobody, it is reached from the VPC."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.api_access_cidrs : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "api_access_cidrs: ranges such as 203.0.113.0/24, never all of the internet."
  }
}

variable "key_id" {
  description = "Key of the envelope encryption of Kubernetes' secrets."
  type        = string
}

variable "image_repository" {
  description = "Repository that nodes pull images from."
  type        = string
}

variable "node_pools" {
  description = "Pools of nodes by name. `capacity` is `on-demand` or `spot`; `exclusive_cores` turns hyper-threads off and gives pods whose requests equal their limits, in whole cores, cores of their own; sizes are numbers of nodes over all zones."
  type = map(object({
    machine_type    = string
    capacity        = string
    size            = object({ min = number, initial = number, max = number })
    disk_gib        = optional(number, 50)
    exclusive_cores = optional(bool, false)
    taints          = optional(list(object({ key = string, value = string, effect = string })), [])
  }))

  validation {
    condition     = alltrue([for pool in values(var.node_pools) : contains(["on-demand", "spot"], pool.capacity)])
    error_message = "node_pools: capacity is `on-demand` or `spot`."
  }

  validation {
    # e2 and shared-core types lend cores.
    condition     = alltrue([for pool in values(var.node_pools) : can(regex("^(c|n|t|h|m)[0-9][a-z]*-[a-z]+-[0-9]+$", pool.machine_type))])
    error_message = "node_pools: machine types with whole cores of their own (no e2, no shared-core), e.g. c3d-standard-16."
  }

  validation {
    condition = alltrue([
      for pool in values(var.node_pools) :
      pool.size.min <= pool.size.initial && pool.size.initial <= pool.size.max
    ])
    error_message = "node_pools: min <= initial <= max."
  }

  validation {
    condition     = anytrue([for pool in values(var.node_pools) : pool.capacity == "on-demand" && length(pool.taints) == 0])
    error_message = "node_pools: one pool on demand and without taints, for DNS, the controller and what must not be interrupted."
  }
}

variable "is_protected" {
  description = "Refuse to delete the cluster."
  type        = bool
  default     = true
}
