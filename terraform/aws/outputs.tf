output "cluster" {
  description = "For `aws eks update-kubeconfig --name`."
  value = {
    name     = module.cluster.name
    endpoint = module.cluster.endpoint
  }
}

output "database" {
  description = "Where PostgreSQL is, and the ARNs of the secrets with its roles (no values)."
  value = {
    host                   = module.database.host
    port                   = module.database.port
    name                   = module.database.database_name
    application_secret_arn = module.secrets.arns["database"]
    admin_secret_arn       = module.database.admin_secret_arn
  }
}

output "cache" {
  description = "Where Valkey is, its user, and the ARN of the secret (no value). TLS only."
  value = {
    host       = module.cache.host
    port       = module.cache.port
    user_id    = module.cache.user_id
    secret_arn = module.secrets.arns["cache"]
  }
}

output "secrets_to_draw" {
  description = "For modules/passwords: which secrets it writes, and what stands in them beside the password. No values."
  value = {
    database = {
      arn            = module.secrets.arns["database"]
      password_field = "password"
      fields = {
        username = "shortlist"
        host     = module.database.host
        port     = tostring(module.database.port)
        database = module.database.database_name
      }
    }
    cache = {
      arn            = module.secrets.arns["cache"]
      password_field = "password"
      fields = {
        username = module.cache.user_id
        host     = module.cache.host
        port     = tostring(module.cache.port)
      }
    }
    experiments = {
      arn            = module.secrets.arns["experiments"]
      password_field = "write_token"
      fields         = {}
    }
  }
}

output "releases_uri" {
  description = "Where releases are written to and read from."
  value       = module.releases.uri
}

output "workspace_file_system_id" {
  description = "EFS, for `fileSystemId` of the StorageClass of the claim `releases`."
  value       = module.workspace.file_system_id
}

output "image_repositories" {
  description = "Address of each image's repository, for `images:` of the Kustomize overlay."
  value       = module.registry.urls
}

output "role_arns" {
  description = "Roles of pods."
  value       = module.identity.role_arns
}

output "serving_nodes" {
  description = "Pods on a node, and least, initial and most nodes of the serving pool."
  value = {
    pods_per_node = module.capacity.pods_per_node
    nodes         = module.capacity.nodes
  }
}

output "budget" {
  description = "Name of the budget."
  value       = module.budget.name
}
