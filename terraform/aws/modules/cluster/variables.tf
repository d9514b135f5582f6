variable "name" {
  description = "Name of the cluster, prefix of its roles."
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

variable "kubernetes_version" {
  description = "Minor version of Kubernetes. From 1.35 on an autoscaler's tolerance can be set (HPAConfigurableTolerance is on), which the dead band of the HPA needs."
  type        = string
  default     = "1.35"

  validation {
    condition     = can(regex("^1\\.[0-9]+$", var.kubernetes_version)) && try(tonumber(split(".", var.kubernetes_version)[1]) >= 35, false)
    error_message = "kubernetes_version: 1.35 or later; earlier ones drop `tolerance` of the HPA."
  }
}

variable "subnet_ids" {
  description = "Private subnets for nodes and the control plane's interfaces."
  type        = list(string)
}

variable "public_access_cidrs" {
  description = "Who reaches the API server from the internet. Empty: nobody, it is reached from the VPC."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.public_access_cidrs : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "public_access_cidrs: ranges such as 203.0.113.0/24, never all of the internet."
  }
}

variable "admin_principal_arns" {
  description = "Roles or users that administer the cluster, by a name of your own for each. At least one: who creates the cluster gets no right by that."
  type        = map(string)

  validation {
    condition     = length(var.admin_principal_arns) > 0
    error_message = "admin_principal_arns: name at least one, or nobody can enter."
  }
}

variable "key_arn" {
  description = "Key of the envelope encryption of Kubernetes' secrets."
  type        = string
}

variable "logs_key_arn" {
  description = "Key that encrypts the control plane's logs."
  type        = string
}

variable "log_days" {
  description = "How long logs of the control plane, the audit log among them, are kept; days (a value that CloudWatch offers)."
  type        = number
  default     = 365
}

variable "addon_versions" {
  description = "Versions of add-ons by name; one that is not named takes EKS's default."
  type        = map(string)
  default     = {}
}

variable "node_groups" {
  description = "Groups of nodes by name. `capacity` is `on-demand` or `spot`; `exclusive_cores` gives pods whose requests equal their limits, in whole cores, cores of their own; sizes are numbers of nodes over all zones."
  type = map(object({
    instance_types  = list(string)
    capacity        = string
    size            = object({ min = number, initial = number, max = number })
    disk_gib        = optional(number, 50)
    exclusive_cores = optional(bool, false)
    labels          = optional(map(string), {})
    taints          = optional(list(object({ key = string, value = string, effect = string })), [])
  }))

  validation {
    condition     = alltrue([for group in values(var.node_groups) : contains(["on-demand", "spot"], group.capacity)])
    error_message = "node_groups: capacity is `on-demand` or `spot`."
  }

  validation {
    # t* lend cores by credits: latency would depend on yesterday.
    condition = alltrue(flatten([
      for group in values(var.node_groups) : [
        for type in group.instance_types : can(regex("^[a-su-z][a-z0-9-]*\\.([0-9]*xlarge|large)$", type))
      ]
    ]))
    error_message = "node_groups: instance types with whole cores of their own (no burstable t*, no bare metal), e.g. m7a.2xlarge."
  }

  validation {
    condition = alltrue([
      for group in values(var.node_groups) :
      length(group.instance_types) >= (group.capacity == "spot" ? 2 : 1)
    ])
    error_message = "node_groups: spot needs at least two instance types, or one shortage takes all nodes."
  }

  validation {
    condition = alltrue([
      for group in values(var.node_groups) :
      group.size.min <= group.size.initial && group.size.initial <= group.size.max
    ])
    error_message = "node_groups: min <= initial <= max."
  }

  validation {
    condition     = anytrue([for group in values(var.node_groups) : group.capacity == "on-demand" && length(group.taints) == 0])
    error_message = "node_groups: one group on demand and without taints, for DNS, the controller and what must not be interrupted."
  }
}
