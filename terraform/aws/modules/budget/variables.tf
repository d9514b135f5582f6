variable "name" {
  description = "Prefix of the budget's name."
  type        = string
}

variable "monthly_usd" {
  description = "What a month may cost, US dollars."
  type        = number

  validation {
    condition     = var.monthly_usd > 0
    error_message = "monthly_usd must be above 0."
  }
}

variable "emails" {
  description = "Who is told at 50, 80 and 100 %, and when the forecast passes 100 %; 1 to 10 addresses."
  type        = list(string)

  validation {
    condition     = length(var.emails) >= 1 && length(var.emails) <= 10 && alltrue([for email in var.emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", email))])
    error_message = "emails: 1 to 10 addresses."
  }
}

variable "tag" {
  description = "Tag by which the platform's costs are told from others."
  type = object({
    key   = string
    value = string
  })
}
