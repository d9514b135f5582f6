# Places for secrets: modules/passwords draws those that nobody has to know, the others are put in by who has them
# (`gcloud secrets versions add`).

resource "google_secret_manager_secret" "this" {
  for_each = var.secrets

  secret_id = "${var.prefix}-${each.key}"
  labels    = { part-of = "shortlist" }

  replication {
    user_managed {
      replicas {
        location = var.region
        customer_managed_encryption {
          kms_key_name = var.key_id
        }
      }
    }
  }
}

# Google made this one; the state has it anyway (see the module of the cache).
resource "google_secret_manager_secret_version" "cache" {
  secret = google_secret_manager_secret.this["cache"].id
  secret_data_wo = jsonencode({
    host     = var.cache.host
    port     = tostring(var.cache.port)
    password = var.cache_password
  })
  secret_data_wo_version = var.cache.version
}
