output "host" {
  description = "Address of the primary; moves to the standby by itself."
  value       = aws_db_instance.this.address
}

output "port" {
  description = "Port of PostgreSQL."
  value       = aws_db_instance.this.port
}

output "database_name" {
  description = "Name of the database."
  value       = aws_db_instance.this.db_name
}

output "admin_secret_arn" {
  description = "ARN, not the value, of the administrator's secret, which RDS rotates."
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
}
