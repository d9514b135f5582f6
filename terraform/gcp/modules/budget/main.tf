resource "google_monitoring_notification_channel" "email" {
  for_each = toset(var.emails)

  display_name = "Budget of ${var.name}: ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }
}

resource "google_billing_budget" "monthly" {
  billing_account = var.billing_account
  display_name    = "${var.name}-monthly"

  budget_filter {
    projects        = ["projects/${var.project_number}"]
    calendar_period = "MONTH"
  }

  amount {
    specified_amount {
      currency_code = var.monthly.currency
      units         = tostring(var.monthly.amount)
    }
  }

  dynamic "threshold_rules" {
    for_each = {
      half      = { share = 0.5, basis = "CURRENT_SPEND" }
      most      = { share = 0.8, basis = "CURRENT_SPEND" }
      all       = { share = 1.0, basis = "CURRENT_SPEND" }
      will_pass = { share = 1.0, basis = "FORECASTED_SPEND" }
    }
    content {
      threshold_percent = threshold_rules.value.share
      spend_basis       = threshold_rules.value.basis
    }
  }

  all_updates_rule {
    monitoring_notification_channels = [for channel in google_monitoring_notification_channel.email : channel.id]
    disable_default_iam_recipients   = false
  }
}
