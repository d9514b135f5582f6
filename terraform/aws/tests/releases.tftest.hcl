mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  bucket_name             = "shortlist-test-releases"
  key_arn                 = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  lock_administrator_arns = ["arn:aws:iam::123456789012:role/platform"]
}

run "a_release_can_be_neither_changed_nor_removed_nor_seen" {
  command = apply
  module {
    source = "./modules/releases"
  }

  assert {
    condition     = aws_s3_bucket.this.object_lock_enabled && !aws_s3_bucket.this.force_destroy && aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "locked and versioned"
  }
  assert {
    condition     = aws_s3_bucket_object_lock_configuration.this.rule[0].default_retention[0].days == 90
    error_message = "for 90 days unless said otherwise"
  }
  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "nothing public"
  }
  assert {
    condition     = alltrue([for rule in aws_s3_bucket_server_side_encryption_configuration.this.rule : rule.apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms"])
    error_message = "encrypted by our key"
  }
}

run "the_policy_only_denies" {
  command = apply
  module {
    source = "./modules/releases"
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement : statement.Effect == "Deny"])
    error_message = "rights come from roles, the bucket's policy takes away"
  }
  assert {
    condition     = toset([for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement : statement.Sid]) == toset(["TlsOnly", "ThisKeyOnly", "NobodyShortensALock"])
    error_message = "no TLS, another key, an early end of a lock"
  }
}

run "nothing_expires_by_age_alone" {
  command = apply
  module {
    source = "./modules/releases"
  }

  assert {
    condition = alltrue([
      for rule in aws_s3_bucket_lifecycle_configuration.this.rule :
      length(rule.filter[0].and) == 1 if length(rule.expiration) > 0
    ])
    error_message = "only what is tagged as retired expires"
  }
  assert {
    condition = alltrue(flatten([
      for rule in aws_s3_bucket_lifecycle_configuration.this.rule :
      [for expiration in rule.noncurrent_version_expiration : expiration.noncurrent_days > 90]
    ]))
    error_message = "old versions go after their lock has ended"
  }
}

run "refuses_everybody_as_the_locks_administrator" {
  command = plan
  module {
    source = "./modules/releases"
  }
  variables {
    lock_administrator_arns = ["*"]
  }
  expect_failures = [var.lock_administrator_arns]
}

run "refuses_an_unknown_lock" {
  command = plan
  module {
    source = "./modules/releases"
  }
  variables {
    lock = { mode = "NONE", days = 1 }
  }
  expect_failures = [var.lock]
}
