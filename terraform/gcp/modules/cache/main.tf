# Memorystore for Redis: copies that may be lost. Not Memorystore for Valkey: that one takes IAM tokens of an hour as its
# only password, which the services cannot renew.

resource "google_redis_instance" "this" {
  name           = var.name
  region         = var.region
  tier           = "STANDARD_HA"
  redis_version  = "REDIS_7_2"
  memory_size_gb = var.memory_gib

  authorized_network = var.network_id
  connect_mode       = "PRIVATE_SERVICE_ACCESS"

  # Google makes the password; as a computed attribute it is in the state, which is why that is encrypted and closed.
  auth_enabled            = true
  transit_encryption_mode = "SERVER_AUTHENTICATION"
  customer_managed_key    = var.key_id

  replica_count      = var.replicas
  read_replicas_mode = "READ_REPLICAS_ENABLED"

  # What has a lifetime gives way, what has none stays (ADR 7).
  redis_configs = {
    maxmemory-policy = "volatile-lru"
  }

  # Everything here is made again from PostgreSQL; an old copy would be worse than none.
  persistence_config {
    persistence_mode = "DISABLED"
  }

  maintenance_policy {
    weekly_maintenance_window {
      day = "SUNDAY"
      start_time {
        hours   = 5
        minutes = 0
        seconds = 0
        nanos   = 0
      }
    }
  }
}
