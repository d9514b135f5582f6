variable "name" {
  description = "Prefix of every name."
  type        = string
}

variable "region" {
  description = "Region, e.g. `europe-west3`."
  type        = string
}

variable "cidr" {
  description = "IPv4 range of the VPC, a /16: nodes, services and managed stores get a /20 each, pods a /18."
  type        = string

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && endswith(var.cidr, "/16")
    error_message = "cidr: a /16 such as 10.40.0.0/16."
  }
}
