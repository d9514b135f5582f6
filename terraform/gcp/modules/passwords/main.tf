# Passwords that nobody has to know: drawn during apply and written by write-only arguments, they are in Secret Manager and
# nowhere else, neither in the plan nor in the state. A module of its own that the installation does not call: mocks have no
# ephemeral values, so the installation could not be tested with it; and who has passwords already puts them in instead.

ephemeral "random_password" "this" {
  for_each = var.secrets

  length  = 40
  special = false
}

resource "google_secret_manager_secret_version" "this" {
  for_each = var.secrets

  secret = each.value.id
  secret_data_wo = jsonencode(merge(
    each.value.fields,
    { (each.value.password_field) = ephemeral.random_password.this[each.key].result },
  ))
  # A higher number draws and writes a new value; anything else leaves it alone.
  secret_data_wo_version = lookup(var.versions, each.key, 1)
}

# The administrator of PostgreSQL, here because its password must be written twice in one apply.
resource "google_sql_user" "admin" {
  name                = "shortlist_admin"
  instance            = var.database_instance
  password_wo         = ephemeral.random_password.this["database-admin"].result
  password_wo_version = lookup(var.versions, "database-admin", 1)
}
