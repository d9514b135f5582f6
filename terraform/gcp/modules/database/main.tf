# PostgreSQL: the truth. A standby in another zone, encrypted, point-in-time recovery.

resource "google_sql_database_instance" "this" {
  name                = var.name
  region              = var.region
  database_version    = var.database_version
  encryption_key_name = var.key_id
  deletion_protection = var.is_protected

  settings {
    tier                        = var.tier
    edition                     = "ENTERPRISE"
    availability_type           = "REGIONAL"
    deletion_protection_enabled = var.is_protected

    disk_type             = "PD_SSD"
    disk_size             = var.storage_gib.initial
    disk_autoresize       = true
    disk_autoresize_limit = var.storage_gib.most

    backup_configuration {
      enabled                        = true
      start_time                     = "02:00"
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = var.recovery_days

      backup_retention_settings {
        retention_unit   = "COUNT"
        retained_backups = var.backups
      }
    }

    ip_configuration {
      ipv4_enabled    = false
      private_network = var.network_id
      ssl_mode        = "ENCRYPTED_ONLY"
    }

    maintenance_window {
      day          = 7
      hour         = 4
      update_track = "stable"
    }

    insights_config {
      query_insights_enabled = true
    }

    database_flags {
      name  = "log_min_duration_statement"
      value = "1000"
    }

    database_flags {
      name  = "log_lock_waits"
      value = "on"
    }

    # A client that died in the middle of a transaction would hold back vacuum for ever.
    database_flags {
      name  = "idle_in_transaction_session_timeout"
      value = "300000"
    }
  }

  lifecycle {
    # Storage grows by itself.
    ignore_changes = [settings[0].disk_size]

    precondition {
      condition     = var.storage_gib.most > var.storage_gib.initial
      error_message = "storage_gib.most must exceed storage_gib.initial: a log that fills its disk stops ingest."
    }
  }
}

resource "google_sql_database" "this" {
  name     = var.database_name
  instance = google_sql_database_instance.this.name
}
