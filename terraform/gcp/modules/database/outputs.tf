output "instance_name" {
  description = "Name of the instance."
  value       = google_sql_database_instance.this.name
}

output "host" {
  description = "Private address; stays at a failover."
  value       = google_sql_database_instance.this.private_ip_address
}

output "database_name" {
  description = "Name of the database."
  value       = google_sql_database.this.name
}
