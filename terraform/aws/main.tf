# The platform's place on AWS. Read top down: keys, network, cluster, stores, who may do what, what it may cost.

locals {
  secrets_prefix = var.name

  keys = {
    cluster  = "Kubernetes secrets of ${var.name}"
    database = "PostgreSQL of ${var.name}"
    cache    = "Valkey of ${var.name}"
    releases = "Releases, their workspace and images of ${var.name}"
    secrets  = "Secrets of ${var.name}"
    logs     = "Logs of ${var.name}"
  }

  # Spot for what holds nothing and is one of many; everything else on demand.
  node_groups = {
    general = {
      instance_types = var.general_node.instance_types
      capacity       = "on-demand"
      size           = var.general_node.size
      # A volume's zone is its pod's: one node a zone at least, see `size`.
    }
    serving = {
      instance_types  = var.serving_node.instance_types
      capacity        = var.serving_node.capacity
      size            = module.capacity.nodes
      exclusive_cores = var.serving_node.exclusive_cores
      taints          = [{ key = "shortlist.dev/pool", value = "serving", effect = "NO_SCHEDULE" }]
    }
  }
}

module "keys" {
  source   = "./modules/key"
  for_each = local.keys

  name        = "${var.name}/${each.key}"
  description = each.value
  place       = var.place
  is_for_logs = each.key == "logs"
}

module "network" {
  source = "./modules/network"

  name         = var.name
  region       = var.place.region
  cidr         = var.network_cidr
  zones        = var.zones
  nat_per_zone = var.nat_per_zone
  logs_key_arn = module.keys["logs"].arn
}

module "capacity" {
  source = "../modules/capacity"

  pods           = var.serving_pods
  pod_memory_gib = var.serving_pod_memory_gib
  node           = { cores = var.serving_node.cores, memory_gib = var.serving_node.memory_gib }
  zones          = length(var.zones)
}

module "cluster" {
  source = "./modules/cluster"

  name                 = var.name
  place                = var.place
  kubernetes_version   = var.kubernetes_version
  subnet_ids           = module.network.node_subnet_ids
  public_access_cidrs  = var.api_access_cidrs
  admin_principal_arns = var.admin_principal_arns
  key_arn              = module.keys["cluster"].arn
  logs_key_arn         = module.keys["logs"].arn
  addon_versions       = var.addon_versions
  node_groups          = local.node_groups
}

module "database" {
  source = "./modules/database"

  name                     = var.name
  place                    = var.place
  vpc_id                   = module.network.vpc_id
  subnet_ids               = module.network.data_subnet_ids
  client_security_group_id = module.cluster.security_group_id
  key_arn                  = module.keys["database"].arn
  logs_key_arn             = module.keys["logs"].arn
  engine_version           = var.database.engine_version
  instance_class           = var.database.instance_class
  storage_gib              = var.database.storage_gib
  backup_days              = var.database.backup_days
  is_protected             = var.is_protected
}

module "cache" {
  source = "./modules/cache"

  name                     = var.name
  vpc_id                   = module.network.vpc_id
  subnet_ids               = module.network.data_subnet_ids
  client_security_group_id = module.cluster.security_group_id
  key_arn                  = module.keys["cache"].arn
  logs_key_arn             = module.keys["logs"].arn
  node_type                = var.cache.node_type
  replicas                 = var.cache.replicas
}

module "workspace" {
  source = "./modules/workspace"

  name                     = var.name
  vpc_id                   = module.network.vpc_id
  zones                    = length(var.zones)
  subnet_ids               = module.network.data_subnet_ids
  client_security_group_id = module.cluster.security_group_id
  key_arn                  = module.keys["releases"].arn
}

module "releases" {
  source = "./modules/releases"

  bucket_name             = "${var.name}-releases-${var.place.account_id}"
  key_arn                 = module.keys["releases"].arn
  lock                    = var.release_lock
  lock_administrator_arns = values(var.admin_principal_arns)
}

module "registry" {
  source = "./modules/registry"

  prefix  = var.name
  key_arn = module.keys["releases"].arn
}

module "secrets" {
  source = "./modules/secrets"

  prefix  = local.secrets_prefix
  key_arn = module.keys["secrets"].arn

  secrets = {
    database    = "The application's PostgreSQL role; DATABASE_URL is made of it"
    cache       = "The application's Valkey user; REDIS_URL is made of it"
    experiments = "SHORTLIST_EXPERIMENTS_WRITE_TOKEN"
    shopify     = "SHORTLIST_INGEST_SHOPIFY_SECRET"
    slack       = "SHORTLIST_EXPERIMENTS_SLACK_WEBHOOK_URL"
    pagerduty   = "SHORTLIST_EXPERIMENTS_PAGERDUTY_ROUTING_KEY"
  }
}

module "identity" {
  source = "./modules/identity"

  name            = var.name
  place           = var.place
  cluster_name    = module.cluster.name
  cluster_arn     = module.cluster.arn
  namespace       = var.namespace
  release_readers = var.release_readers
  release_writers = var.release_writers
  releases = {
    bucket_arn = module.releases.bucket_arn
    prefix     = module.releases.prefix
    key_arn    = module.keys["releases"].arn
  }
  secrets = {
    prefix  = local.secrets_prefix
    key_arn = module.keys["secrets"].arn
  }
}

module "budget" {
  source = "./modules/budget"

  name        = var.name
  monthly_usd = var.budget.monthly_usd
  emails      = var.budget.emails
  tag         = var.cost_tag
}
