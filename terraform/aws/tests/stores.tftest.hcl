mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                     = "shortlist-test"
  place                    = { account_id = "123456789012", partition = "aws", region = "eu-central-1" }
  vpc_id                   = "vpc-0123456789abcdef0"
  subnet_ids               = ["subnet-a", "subnet-b", "subnet-c"]
  client_security_group_id = "sg-0fedcba9876543210"
  key_arn                  = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  logs_key_arn             = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "the_truth_survives_a_zone_a_mistake_and_a_thief" {
  command = apply
  module {
    source = "./modules/database"
  }

  assert {
    condition     = aws_db_instance.this.multi_az && aws_db_instance.this.storage_encrypted && aws_db_instance.this.deletion_protection
    error_message = "a standby, encryption, protection"
  }
  assert {
    condition     = aws_db_instance.this.backup_retention_period == 14 && !aws_db_instance.this.skip_final_snapshot && !aws_db_instance.this.delete_automated_backups
    error_message = "two weeks of point-in-time recovery, also after a deletion"
  }
  assert {
    condition     = !aws_db_instance.this.publicly_accessible
    error_message = "not on the internet"
  }
  assert {
    condition     = one([for parameter in aws_db_parameter_group.this.parameter : parameter.value if parameter.name == "rds.force_ssl"]) == "1"
    error_message = "TLS only"
  }
}

run "nobody_here_knows_the_administrators_password" {
  command = apply
  module {
    source = "./modules/database"
  }

  assert {
    condition     = aws_db_instance.this.manage_master_user_password && aws_db_instance.this.password == null
    error_message = "RDS makes and rotates it"
  }
  assert {
    condition     = startswith(output.admin_secret_arn, "arn:aws:secretsmanager:")
    error_message = "only the secret's ARN comes out"
  }
}

run "postgresql_is_open_to_the_nodes_alone" {
  command = apply
  module {
    source = "./modules/database"
  }

  assert {
    condition = (
      aws_vpc_security_group_ingress_rule.nodes.referenced_security_group_id == "sg-0fedcba9876543210" &&
      aws_vpc_security_group_ingress_rule.nodes.from_port == 5432 &&
      aws_vpc_security_group_ingress_rule.nodes.to_port == 5432
    )
    error_message = "one port, one group"
  }
}

run "refuses_a_week_without_backups" {
  command = plan
  module {
    source = "./modules/database"
  }
  variables {
    backup_days = 0
  }
  expect_failures = [var.backup_days]
}

run "refuses_a_disk_that_cannot_grow" {
  command = plan
  module {
    source = "./modules/database"
  }
  variables {
    storage_gib = { initial = 500, most = 500 }
  }
  expect_failures = [aws_db_instance.this]
}

run "refuses_a_burstable_database" {
  command = plan
  module {
    source = "./modules/database"
  }
  variables {
    instance_class = "db.t4g.large"
  }
  expect_failures = [var.instance_class]
}

run "valkey_speaks_tls_and_takes_over_by_itself" {
  command = apply
  module {
    source = "./modules/cache"
  }

  assert {
    condition = (
      aws_elasticache_replication_group.this.transit_encryption_enabled &&
      aws_elasticache_replication_group.this.transit_encryption_mode == "required" &&
      tobool(aws_elasticache_replication_group.this.at_rest_encryption_enabled)
    )
    error_message = "encrypted on the wire and at rest"
  }
  assert {
    condition = (
      aws_elasticache_replication_group.this.automatic_failover_enabled &&
      aws_elasticache_replication_group.this.multi_az_enabled &&
      aws_elasticache_replication_group.this.num_cache_clusters == 3
    )
    error_message = "a primary and two replicas"
  }
  assert {
    condition     = aws_elasticache_replication_group.this.snapshot_retention_limit == 0
    error_message = "copies are made again, not restored"
  }
  assert {
    condition     = one([for parameter in aws_elasticache_parameter_group.this.parameter : parameter.value if parameter.name == "maxmemory-policy"]) == "volatile-lru"
    error_message = "what has no lifetime must not be evicted (ADR 7)"
  }
}

run "the_caches_user_has_no_password_in_the_state" {
  command = apply
  module {
    source = "./modules/cache"
  }

  assert {
    condition     = aws_elasticache_user.application.authentication_mode[0].type == "iam" && aws_elasticache_replication_group.this.auth_token == null
    error_message = "born without a password; no token either"
  }
  assert {
    condition     = length(aws_elasticache_replication_group.this.user_group_ids) == 1
    error_message = "users are enforced"
  }
}

run "refuses_a_user_that_needs_no_password" {
  command = plan
  module {
    source = "./modules/cache"
  }
  variables {
    access_string = "on nopass ~* +@all"
  }
  expect_failures = [var.access_string]
}

run "refuses_a_cache_without_a_replica" {
  command = plan
  module {
    source = "./modules/cache"
  }
  variables {
    replicas = 0
  }
  expect_failures = [var.replicas]
}

run "the_workspace_is_encrypted_backed_up_and_mounted_in_each_zone" {
  command = apply
  module {
    source = "./modules/workspace"
  }
  variables {
    zones = 3
  }

  assert {
    condition     = aws_efs_file_system.this.encrypted && aws_efs_backup_policy.this.backup_policy[0].status == "ENABLED"
    error_message = "encryption and backups"
  }
  assert {
    condition     = [for target in aws_efs_mount_target.this : target.subnet_id] == ["subnet-a", "subnet-b", "subnet-c"]
    error_message = "a mount target in each zone"
  }
  assert {
    condition     = !strcontains(aws_efs_file_system_policy.this.policy, "ClientRootAccess")
    error_message = "nobody mounts as root"
  }
}
