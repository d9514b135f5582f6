output "network_id" {
  description = "The VPC, ready for managed stores."
  value       = google_compute_network.this.id
  depends_on  = [google_service_networking_connection.this]
}

output "subnet" {
  description = "Subnet of the nodes, and the names of its ranges for pods and services."
  value = {
    id       = google_compute_subnetwork.nodes.id
    pods     = "pods"
    services = "services"
  }
}
