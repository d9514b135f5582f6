output "versions" {
  description = "Number of each password, by name."
  value       = { for name, version in google_secret_manager_secret_version.this : name => version.secret_data_wo_version }
}
