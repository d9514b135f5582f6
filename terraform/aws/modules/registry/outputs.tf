output "urls" {
  description = "Address of each image's repository, for `images:` of the Kustomize overlay."
  value       = { for image, repository in aws_ecr_repository.this : image => repository.repository_url }
}
