# The whole of it. Passwords are drawn by a module beside it, since mocks have no ephemeral values.

mock_provider "google" {
  source = "./tests/mocks"
}

variables {
  name  = "shortlist-test"
  place = { project_id = "shortlist-test", project_number = "123456789012", region = "europe-west3" }
  zones = ["europe-west3-a", "europe-west3-b", "europe-west3-c"]
  budget = {
    billing_account = "012345-6789AB-CDEF01"
    monthly         = { amount = 9000, currency = "EUR" }
    emails          = ["platform@example.com"]
  }
}

run "applies_as_a_whole_with_nothing_but_the_required_variables" {
  command = apply

  assert {
    condition     = output.serving_nodes.pods_per_node == 7 && output.serving_nodes.nodes.max * 7 >= 50
    error_message = "the pool holds as many pods as the autoscaler may ask for"
  }
  assert {
    condition     = output.releases_uri == "gs://shortlist-test-releases-123456789012/releases/"
    error_message = "releases: ${output.releases_uri}"
  }
  assert {
    condition     = output.cache.certificate_authorities == ["-----mock certificate-----"]
    error_message = "clients get what they must trust"
  }
}

run "pods_never_read_the_administrators_secret" {
  command = apply

  assert {
    condition     = !contains(keys(module.identity.members), "database-admin") && output.database.admin_secret_id == "shortlist-test-database-admin"
    error_message = "the administrator's secret is named, and nobody's"
  }
}

run "refuses_a_name_that_a_service_account_cannot_have" {
  command = plan
  variables {
    name = "shortlist-of-a-very-long-name"
  }
  expect_failures = [var.name]
}

run "tells_before_the_money_is_gone" {
  command = apply
  module {
    source = "./modules/budget"
  }
  variables {
    billing_account = "012345-6789AB-CDEF01"
    project_number  = "123456789012"
    monthly         = { amount = 9000, currency = "EUR" }
    emails          = ["platform@example.com"]
  }

  assert {
    condition     = length(google_billing_budget.monthly.threshold_rules) == 4
    error_message = "three thresholds and the forecast"
  }
}

run "pods_services_nodes_and_stores_do_not_overlap" {
  command = apply
  module {
    source = "./modules/network"
  }
  variables {
    region = "europe-west3"
    cidr   = "10.40.0.0/16"
  }

  assert {
    condition = (
      google_compute_subnetwork.nodes.ip_cidr_range == "10.40.0.0/20" &&
      [for range in google_compute_subnetwork.nodes.secondary_ip_range : range.ip_cidr_range] == ["10.40.64.0/18", "10.40.16.0/20"] &&
      google_compute_global_address.services.address == "10.40.32.0" &&
      google_compute_global_address.services.prefix_length == 20
    )
    error_message = "nodes 0 to 15, services 16 to 31, stores 32 to 47, pods 64 to 127"
  }
}
