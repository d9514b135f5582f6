output "shortlist" {
  description = "Everything that the next steps need; no secrets."
  value       = module.shortlist
}
