output "cluster" {
  description = "For `gcloud container clusters get-credentials`."
  value = {
    name     = module.cluster.name
    endpoint = module.cluster.endpoint
  }
}

output "database" {
  description = "Where PostgreSQL is, and the ids of the secrets with its roles (no values)."
  value = {
    instance              = module.database.instance_name
    host                  = module.database.host
    name                  = module.database.database_name
    application_secret_id = module.secrets.ids["database"]
    admin_secret_id       = module.secrets.ids["database-admin"]
  }
}

output "cache" {
  description = "Where Redis is, the id of its secret (no value), and the authorities that clients trust. TLS only."
  value = {
    host                    = module.cache.host
    port                    = module.cache.port
    secret_id               = module.secrets.ids["cache"]
    certificate_authorities = module.cache.certificate_authorities
  }
}

output "secrets_to_draw" {
  description = "For modules/passwords: which secrets it writes, and what stands in them beside the password. No values."
  value = {
    for name, fields in {
      database-admin = { username = "shortlist_admin", host = module.database.host, port = "5432", database = module.database.database_name }
      database       = { username = "shortlist", host = module.database.host, port = "5432", database = module.database.database_name }
      experiments    = {}
      } : name => {
      id             = module.secrets.full_ids[name]
      password_field = name == "experiments" ? "write_token" : "password"
      fields         = tomap(fields)
    }
  }
}

output "releases_uri" {
  description = "Where releases are written to and read from."
  value       = module.releases.uri
}

output "image_repository" {
  description = "What images are pushed to, for `images:` of the Kustomize overlay."
  value       = module.registry.url
}

output "members" {
  description = "IAM members of pods."
  value       = module.identity.members
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
