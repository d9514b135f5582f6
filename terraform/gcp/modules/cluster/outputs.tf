output "name" {
  description = "Name of the cluster."
  value       = google_container_cluster.this.name
}

output "endpoint" {
  description = "Address of the API server."
  value       = google_container_cluster.this.endpoint
}
