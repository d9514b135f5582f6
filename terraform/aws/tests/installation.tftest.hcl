# The whole of it. Passwords are drawn by a module beside it, since mocks have no ephemeral values.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                 = "shortlist-test"
  place                = { account_id = "123456789012", region = "eu-central-1" }
  zones                = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  admin_principal_arns = { platform = "arn:aws:iam::123456789012:role/platform" }
  budget               = { monthly_usd = 9000, emails = ["platform@example.com"] }
  cost_tag             = { key = "project", value = "shortlist-test" }
}

run "applies_as_a_whole_with_nothing_but_the_required_variables" {
  command = apply

  assert {
    condition     = output.serving_nodes.pods_per_node == 7 && output.serving_nodes.nodes.max * 7 >= 50
    error_message = "the pool holds as many pods as the autoscaler may ask for"
  }
  assert {
    condition     = toset(keys(output.image_repositories)) == toset(["serving", "ingest", "experiments", "controller", "cli", "trainer"])
    error_message = "a repository for each image"
  }
  assert {
    condition     = output.releases_uri == "s3://shortlist-test-releases-123456789012/releases/"
    error_message = "releases: ${output.releases_uri}"
  }
  assert {
    condition     = toset(keys(output.role_arns)) == toset(["release-reader-serving", "release-writer-cli", "external-secrets", "cluster-autoscaler"])
    error_message = "four roles"
  }
}

run "there_is_a_place_for_each_secret_below_the_installations_name" {
  command = apply
  module {
    source = "./modules/secrets"
  }
  variables {
    prefix  = "shortlist-test"
    key_arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    secrets = { database = "of the database", slack = "of Slack" }
  }

  assert {
    condition     = toset([for secret in aws_secretsmanager_secret.this : secret.name]) == toset(["shortlist-test/database", "shortlist-test/slack"])
    error_message = "names"
  }
}

run "no_output_holds_a_secret" {
  command = apply

  assert {
    condition     = length(regexall("(?i)password|token", jsonencode([output.cluster, output.database, output.cache, output.role_arns]))) == 0
    error_message = "outputs name secrets by ARN"
  }
  assert {
    condition     = alltrue([for secret in output.secrets_to_draw : !contains(keys(secret.fields), secret.password_field)])
    error_message = "what is drawn is not there yet"
  }
}

run "refuses_a_general_pool_that_leaves_a_zone_empty" {
  command = plan
  variables {
    general_node = { instance_types = ["m7a.2xlarge"], size = { min = 2, initial = 3, max = 3 } }
  }
  expect_failures = [var.general_node]
}

run "refuses_a_name_that_a_cache_cannot_have" {
  command = plan
  variables {
    name = "shortlist--test"
  }
  expect_failures = [var.name]
}
