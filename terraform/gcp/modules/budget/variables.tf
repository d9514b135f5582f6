variable "name" {
  description = "Prefix of the budget's name."
  type        = string
}

variable "billing_account" {
  description = "Billing account, e.g. `012345-6789AB-CDEF01`."
  type        = string

  validation {
    condition     = can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "billing_account: three groups of six hexadecimal digits."
  }
}

variable "project_number" {
  description = "Number of the project whose costs count."
  type        = string
}

variable "monthly" {
  description = "What a month may cost, whole units of the billing account's currency."
  type        = object({ amount = number, currency = string })

  validation {
    condition     = var.monthly.amount > 0 && var.monthly.amount == floor(var.monthly.amount) && can(regex("^[A-Z]{3}$", var.monthly.currency))
    error_message = "monthly: a whole amount above 0 and a currency such as EUR."
  }
}

variable "emails" {
  description = "Who is told at 50, 80 and 100 %, and when the forecast passes 100 %; at most 5, Google's limit."
  type        = list(string)

  validation {
    condition     = length(var.emails) >= 1 && length(var.emails) <= 5
    error_message = "emails: 1 to 5 addresses."
  }
}
