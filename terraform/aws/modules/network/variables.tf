variable "name" {
  description = "Prefix of every name."
  type        = string
}

variable "region" {
  description = "Region of the VPC, e.g. `eu-central-1`."
  type        = string
}

variable "cidr" {
  description = "IPv4 range of the VPC, a /16: subnets of nodes are /20, the others /24."
  type        = string

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && endswith(var.cidr, "/16")
    error_message = "cidr: a /16 such as 10.40.0.0/16."
  }
}

variable "zones" {
  description = "Three availability zones of the region."
  type        = list(string)

  validation {
    condition     = length(var.zones) == 3 && length(distinct(var.zones)) == 3
    error_message = "zones: three different ones; the platform is planned for the loss of one of three."
  }
}

variable "nat_per_zone" {
  description = "A NAT gateway in each zone; false has one for all, which is cheaper and falls with its zone."
  type        = bool
  default     = true
}

variable "endpoint_services" {
  description = "AWS services that are reached by interface endpoints instead of NAT."
  type        = set(string)
  default     = ["ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "kms", "logs", "secretsmanager", "sts"]
}

variable "logs_key_arn" {
  description = "Key that encrypts the flow logs."
  type        = string
}

variable "flow_log_days" {
  description = "How long flow logs are kept, days (a value that CloudWatch offers)."
  type        = number
  default     = 90
}
