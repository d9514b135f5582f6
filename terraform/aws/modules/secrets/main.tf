# Places for secrets, without values: modules/passwords draws those that nobody has to know, the others are put in by who
# has them (`aws secretsmanager put-secret-value`).

resource "aws_secretsmanager_secret" "this" {
  for_each = var.secrets

  name                    = "${var.prefix}/${each.key}"
  description             = each.value
  kms_key_id              = var.key_arn
  recovery_window_in_days = 30
}
