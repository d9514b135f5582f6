output "bucket_name" {
  description = "Name of the bucket."
  value       = google_storage_bucket.this.name
}

output "prefix" {
  description = "Where releases lie in it."
  value       = var.prefix
}

output "uri" {
  description = "Where a release is written to and read from."
  value       = "gs://${google_storage_bucket.this.name}/${var.prefix}"
}
