output "members" {
  description = "IAM member of each service account that has rights."
  value       = { for service_account in local.readers : service_account => "${local.pool}/ns/${var.namespace}/sa/${service_account}" }
}
