mock_provider "google" {
  source = "./tests/mocks"
}

variables {
  name       = "shortlist-test"
  region     = "europe-west3"
  network_id = "network"
  key_id     = "key"
}

run "the_truth_survives_a_zone_a_mistake_and_a_thief" {
  command = apply
  module {
    source = "./modules/database"
  }

  assert {
    condition = (
      google_sql_database_instance.this.settings[0].availability_type == "REGIONAL" &&
      google_sql_database_instance.this.settings[0].backup_configuration[0].point_in_time_recovery_enabled &&
      google_sql_database_instance.this.deletion_protection
    )
    error_message = "a standby, point-in-time recovery, protection"
  }
  assert {
    condition = (
      !google_sql_database_instance.this.settings[0].ip_configuration[0].ipv4_enabled &&
      google_sql_database_instance.this.settings[0].ip_configuration[0].ssl_mode == "ENCRYPTED_ONLY" &&
      google_sql_database_instance.this.encryption_key_name == "key"
    )
    error_message = "private, TLS only, encrypted by our key"
  }
}

run "refuses_a_disk_that_cannot_grow" {
  command = plan
  module {
    source = "./modules/database"
  }
  variables {
    storage_gib = { initial = 500, most = 500 }
  }
  expect_failures = [google_sql_database_instance.this]
}

run "redis_speaks_tls_asks_for_a_password_and_takes_over_by_itself" {
  command = apply
  module {
    source = "./modules/cache"
  }

  assert {
    condition = (
      google_redis_instance.this.auth_enabled &&
      google_redis_instance.this.transit_encryption_mode == "SERVER_AUTHENTICATION" &&
      google_redis_instance.this.tier == "STANDARD_HA"
    )
    error_message = "password, TLS, a replica"
  }
  assert {
    condition     = google_redis_instance.this.redis_configs["maxmemory-policy"] == "volatile-lru"
    error_message = "what has no lifetime must not be evicted (ADR 7)"
  }
}

run "a_release_can_be_neither_changed_nor_removed_nor_seen" {
  command = apply
  module {
    source = "./modules/releases"
  }
  variables {
    bucket_name = "shortlist-test-releases"
  }

  assert {
    condition     = tonumber(google_storage_bucket.this.retention_policy[0].retention_period) == 90 * 86400 && !google_storage_bucket.this.force_destroy
    error_message = "for 90 days unless said otherwise"
  }
  assert {
    condition     = google_storage_bucket.this.public_access_prevention == "enforced" && google_storage_bucket.this.uniform_bucket_level_access
    error_message = "nothing public, rights by role alone"
  }
  assert {
    condition = alltrue([
      for rule in google_storage_bucket.this.lifecycle_rule :
      one(rule.condition).days_since_custom_time > 0 if one(rule.action).type == "Delete"
    ])
    error_message = "nothing is deleted by age alone"
  }
}

run "refuses_a_shared_core" {
  command = plan
  module {
    source = "./modules/database"
  }
  variables {
    tier = "db-f1-micro"
  }
  expect_failures = [var.tier]
}
