output "arns" {
  description = "ARNs, not values, by name."
  value       = { for name, secret in aws_secretsmanager_secret.this : name => secret.arn }
}
