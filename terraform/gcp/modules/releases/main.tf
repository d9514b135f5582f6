# Releases of models. While its retention lasts an object can be neither overwritten nor deleted, so there are no versions
# to keep; deleted ones can be had back for a month.

resource "google_storage_bucket" "this" {
  name          = var.bucket_name
  location      = upper(var.region)
  storage_class = "STANDARD"
  force_destroy = false

  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  encryption {
    default_kms_key_name = var.key_id
  }

  retention_policy {
    retention_period = var.lock.days * 86400
    is_locked        = var.lock.is_final
  }

  soft_delete_policy {
    retention_duration_seconds = 30 * 86400
  }

  lifecycle_rule {
    condition {
      age = 3
    }
    action {
      type = "AbortIncompleteMultipartUpload"
    }
  }

  # Only what is said to be retired (custom time set) goes: age alone does not tell whether a release is served.
  lifecycle_rule {
    condition {
      days_since_custom_time = var.retired_days
      matches_prefix         = [var.prefix]
    }
    action {
      type = "Delete"
    }
  }
}
