output "host" {
  description = "Address of the primary; stays at a failover."
  value       = google_redis_instance.this.host
}

output "port" {
  description = "Port, TLS only."
  value       = google_redis_instance.this.port
}

output "certificate_authorities" {
  description = "Certificates that clients trust (NODE_EXTRA_CA_CERTS), PEM. Public."
  value       = [for authority in google_redis_instance.this.server_ca_certs : authority.cert]
}

output "password" {
  description = "What Google made, for the secret and nothing else."
  value       = google_redis_instance.this.auth_string
  sensitive   = true
}
