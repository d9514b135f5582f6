variable "name" {
  description = "Name of the file system."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the security group."
  type        = string
}

variable "zones" {
  description = "How many zones, and so mount targets, there are."
  type        = number
}

variable "subnet_ids" {
  description = "Subnets without a route out, one a zone."
  type        = list(string)
}

variable "client_security_group_id" {
  description = "Who may mount: the security group of the nodes."
  type        = string
}

variable "key_arn" {
  description = "Key of the encryption at rest."
  type        = string
}
