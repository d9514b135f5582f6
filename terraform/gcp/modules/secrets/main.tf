# Places for secrets. Generated ones are drawn during apply and written by write-only arguments: they are in Secret
# Manager and nowhere else, neither in the plan nor in the state. External ones are put in by who has them.

locals {
  drawn = { for name, secret in var.generated : name => secret if var.draws }
}

ephemeral "random_password" "generated" {
  for_each = local.drawn

  length  = 40
  special = false
}

resource "google_secret_manager_secret" "this" {
  for_each = toset(concat(keys(var.generated), keys(var.external)))

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

resource "google_secret_manager_secret_version" "generated" {
  for_each = local.drawn

  secret = google_secret_manager_secret.this[each.key].id
  secret_data_wo = jsonencode(merge(
    each.value.fields,
    { (each.value.password_field) = ephemeral.random_password.generated[each.key].result },
  ))
  # A higher number draws and writes a new value; anything else leaves it alone.
  secret_data_wo_version = each.value.version
}

# The administrator of PostgreSQL, made here because its password must be written twice in one apply.
resource "google_sql_user" "admin" {
  for_each = { for name, secret in local.drawn : name => secret.version if name == "database-admin" }

  name                = "shortlist_admin"
  instance            = var.database_instance
  password_wo         = ephemeral.random_password.generated[each.key].result
  password_wo_version = each.value
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
