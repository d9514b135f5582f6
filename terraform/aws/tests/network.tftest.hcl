mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name         = "shortlist-test"
  region       = "eu-central-1"
  cidr         = "10.40.0.0/16"
  zones        = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  logs_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "each_zone_has_three_kinds_of_subnets_that_do_not_overlap" {
  command = apply
  module {
    source = "./modules/network"
  }

  assert {
    condition = length(distinct(concat(
      [for subnet in aws_subnet.nodes : subnet.cidr_block],
      [for subnet in aws_subnet.public : subnet.cidr_block],
      [for subnet in aws_subnet.data : subnet.cidr_block],
    ))) == 9
    error_message = "nine different ranges expected"
  }
  assert {
    condition = (
      aws_subnet.nodes["eu-central-1c"].cidr_block == "10.40.32.0/20" &&
      aws_subnet.public["eu-central-1a"].cidr_block == "10.40.128.0/24" &&
      aws_subnet.data["eu-central-1a"].cidr_block == "10.40.144.0/24"
    )
    error_message = "ranges: nodes 0 to 47, public 128 to 130, data 144 to 146"
  }
  assert {
    condition     = alltrue([for subnet in aws_subnet.public : !subnet.map_public_ip_on_launch])
    error_message = "nothing gets a public address by being started"
  }
}

run "a_nat_gateway_in_each_zone" {
  command = apply
  module {
    source = "./modules/network"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 3 && length(aws_route.nat) == 3
    error_message = "three gateways, a route to one for each zone's nodes"
  }
}

run "one_for_all_when_asked_for" {
  command = apply
  module {
    source = "./modules/network"
  }
  variables {
    nat_per_zone = false
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_route.nat) == 3
    error_message = "one gateway that all three zones use"
  }
}

run "credentials_and_secrets_do_not_cross_the_internet" {
  command = apply
  module {
    source = "./modules/network"
  }

  assert {
    condition     = length(setsubtract(["sts", "eks-auth", "secretsmanager", "kms"], keys(aws_vpc_endpoint.interface))) == 0
    error_message = "endpoints for tokens, pod identities, secrets and keys"
  }
  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.endpoints : rule.from_port == 443 && rule.to_port == 443])
    error_message = "HTTPS only"
  }
  assert {
    condition     = length(aws_vpc_endpoint.s3.route_table_ids) >= 1 && aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway"
    error_message = "S3 by gateway, in the nodes' tables"
  }
}

run "the_default_security_group_lets_nothing_through" {
  command = apply
  module {
    source = "./modules/network"
  }

  assert {
    condition     = try(length(aws_default_security_group.unused.ingress), 0) == 0 && try(length(aws_default_security_group.unused.egress), 0) == 0
    error_message = "no rule in the default group"
  }
}

run "refuses_two_zones" {
  command = plan
  module {
    source = "./modules/network"
  }
  variables {
    zones = ["eu-central-1a", "eu-central-1b"]
  }
  expect_failures = [var.zones]
}

run "refuses_a_range_that_is_no_16" {
  command = plan
  module {
    source = "./modules/network"
  }
  variables {
    cidr = "10.40.0.0/20"
  }
  expect_failures = [var.cidr]
}
