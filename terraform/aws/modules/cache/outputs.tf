output "host" {
  description = "Address of the primary; follows a failover."
  value       = aws_elasticache_replication_group.this.primary_endpoint_address
}

output "port" {
  description = "Port of Valkey, TLS only."
  value       = aws_elasticache_replication_group.this.port
}

output "user_id" {
  description = "The application's user, whose password bin/set-cache-password sets."
  value       = aws_elasticache_user.application.user_id
}
