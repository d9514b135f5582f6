# Passwords that nobody has to know: drawn during apply and written by write-only arguments, they are in Secrets Manager and
# nowhere else, neither in the plan nor in the state. A module of its own that the installation does not call: mocks have no
# ephemeral values, so the installation could not be tested with it; and who has passwords already puts them in instead.

ephemeral "aws_secretsmanager_random_password" "this" {
  for_each = var.secrets

  password_length     = 40
  exclude_punctuation = true
}

resource "aws_secretsmanager_secret_version" "this" {
  for_each = var.secrets

  secret_id = each.value.arn
  secret_string_wo = jsonencode(merge(
    each.value.fields,
    { (each.value.password_field) = ephemeral.aws_secretsmanager_random_password.this[each.key].random_password },
  ))
  # A higher number draws and writes a new value; anything else leaves it alone.
  secret_string_wo_version = lookup(var.versions, each.key, 1)
}
