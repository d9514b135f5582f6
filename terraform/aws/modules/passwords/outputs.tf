output "versions" {
  description = "Number of each password, by name."
  value       = { for name, version in aws_secretsmanager_secret_version.this : name => version.secret_string_wo_version }
}
