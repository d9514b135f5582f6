# Places for secrets. Generated ones are drawn during apply and written by write-only arguments: they are in Secrets
# Manager and nowhere else, neither in the plan nor in the state. External ones are put in by who has them.

locals {
  drawn = { for name, secret in var.generated : name => secret if var.draws }
}

ephemeral "aws_secretsmanager_random_password" "generated" {
  for_each = local.drawn

  password_length     = 40
  exclude_punctuation = true
}

resource "aws_secretsmanager_secret" "this" {
  for_each = merge(
    { for name, secret in var.generated : name => secret.description },
    var.external,
  )

  name                    = "${var.prefix}/${each.key}"
  description             = each.value
  kms_key_id              = var.key_arn
  recovery_window_in_days = 30
}

resource "aws_secretsmanager_secret_version" "generated" {
  for_each = local.drawn

  secret_id = aws_secretsmanager_secret.this[each.key].id
  secret_string_wo = jsonencode(merge(
    each.value.fields,
    { (each.value.password_field) = ephemeral.aws_secretsmanager_random_password.generated[each.key].random_password },
  ))
  # A higher number draws and writes a new value; anything else leaves it alone.
  secret_string_wo_version = each.value.version
}
