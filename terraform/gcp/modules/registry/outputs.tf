output "repository" {
  description = "Name of the repository. Waits until it is there."
  value       = google_artifact_registry_repository.this.repository_id
}

output "url" {
  description = "What images are pushed to, for `images:` of the Kustomize overlay."
  value       = "${var.region}-docker.pkg.dev/${google_artifact_registry_repository.this.project}/${google_artifact_registry_repository.this.repository_id}"
}
