variable "project_id" {
  description = "Google Cloud project."
  type        = string
}

variable "project_number" {
  description = "Its number (`gcloud projects describe`)."
  type        = string
}

variable "region" {
  description = "Region with three zones a, b, c."
  type        = string
  default     = "europe-west3"
}

variable "api_access_cidrs" {
  description = "Office or VPN ranges that reach the Kubernetes API. Empty: only from within the VPC."
  type        = list(string)
  default     = []
}

variable "budget" {
  description = "Billing account, what a month may cost in its currency, and who is told."
  type = object({
    billing_account = string
    monthly         = object({ amount = number, currency = string })
    emails          = list(string)
  })
}

variable "password_versions" {
  description = "Raise a secret's number to draw a new password."
  type        = map(number)
  default     = {}
}
