mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name        = "shortlist-test"
  monthly_usd = 9000
  emails      = ["platform@example.com"]
  tag         = { key = "project", value = "shortlist-test" }
}

run "tells_before_the_money_is_gone" {
  command = apply
  module {
    source = "./modules/budget"
  }

  assert {
    condition     = length(aws_budgets_budget.monthly.notification) == 4 && anytrue([for one in aws_budgets_budget.monthly.notification : one.notification_type == "FORECASTED"])
    error_message = "three thresholds and the forecast"
  }
  assert {
    condition     = one(aws_budgets_budget.monthly.cost_filter).values[0] == "user:project$shortlist-test"
    error_message = "of what bears the tag"
  }
}

run "refuses_a_budget_that_tells_nobody" {
  command = plan
  module {
    source = "./modules/budget"
  }
  variables {
    emails = []
  }
  expect_failures = [var.emails]
}
