# A customer-managed key that rotates yearly. Who may use it is said by IAM, except for services that act without a role.

resource "aws_kms_key" "this" {
  description             = var.description
  enable_key_rotation     = true
  rotation_period_in_days = 365
  deletion_window_in_days = 30

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid       = "IamDecides"
          Effect    = "Allow"
          Principal = { AWS = "arn:${var.place.partition}:iam::${var.place.account_id}:root" }
          Action    = "kms:*"
          Resource  = "*"
        },
      ],
      var.is_for_logs ? [
        {
          Sid       = "LogsOfThisAccount"
          Effect    = "Allow"
          Principal = { Service = "logs.${var.place.region}.amazonaws.com" }
          Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
          Resource  = "*"
          Condition = {
            ArnLike = {
              "kms:EncryptionContext:aws:logs:arn" = "arn:${var.place.partition}:logs:${var.place.region}:${var.place.account_id}:log-group:*"
            }
          }
        },
      ] : [],
    )
  })
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}
