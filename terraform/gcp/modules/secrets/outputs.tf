output "ids" {
  description = "Ids, not values, by name."
  value       = { for name, secret in google_secret_manager_secret.this : name => secret.secret_id }
}

output "full_ids" {
  description = "Ids with project, not values, by name."
  value       = { for name, secret in google_secret_manager_secret.this : name => secret.id }
}
