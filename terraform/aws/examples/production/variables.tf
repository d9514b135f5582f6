variable "account_id" {
  description = "AWS account; Terraform refuses to touch another one."
  type        = string
}

variable "region" {
  description = "Region with three zones a, b, c."
  type        = string
  default     = "eu-central-1"
}

variable "admin_principal_arns" {
  description = "Roles that administer the cluster, by a name of your own; the one that runs Terraform among them."
  type        = map(string)
}

variable "api_access_cidrs" {
  description = "Office or VPN ranges that reach the Kubernetes API. Empty: only from within the VPC."
  type        = list(string)
  default     = []
}

variable "monthly_usd" {
  description = "Budget of a month, US dollars."
  type        = number
}

variable "budget_emails" {
  description = "Who hears of the budget."
  type        = list(string)
}

variable "password_versions" {
  description = "Raise a secret's number to draw a new password."
  type        = map(number)
  default     = {}
}
