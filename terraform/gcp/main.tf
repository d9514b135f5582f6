# The platform's place on Google Cloud, the twin of ../aws. Read top down: APIs, keys, network, cluster, stores, who may do
# what, what it may cost.

locals {
  number = var.place.project_number

  # Google's service agents that encrypt with each key. They exist once their API is on; see README for those that do not.
  keys = {
    cluster  = { gke = "service-${local.number}@container-engine-robot.iam.gserviceaccount.com" }
    database = { sql = "service-${local.number}@gcp-sa-cloud-sql.iam.gserviceaccount.com" }
    cache    = { redis = "service-${local.number}@cloud-redis.iam.gserviceaccount.com" }
    releases = {
      storage  = "service-${local.number}@gs-project-accounts.iam.gserviceaccount.com"
      registry = "service-${local.number}@gcp-sa-artifactregistry.iam.gserviceaccount.com"
    }
    secrets = { secrets = "service-${local.number}@gcp-sa-secretmanager.iam.gserviceaccount.com" }
  }

  # Spot for what holds nothing and is one of many; everything else on demand.
  node_pools = {
    general = {
      machine_type = var.general_node.machine_type
      capacity     = "on-demand"
      size         = var.general_node.size
    }
    serving = {
      machine_type    = var.serving_node.machine_type
      capacity        = var.serving_node.capacity
      size            = module.capacity.nodes
      exclusive_cores = var.serving_node.exclusive_cores
      taints          = [{ key = "shortlist.dev/pool", value = "serving", effect = "NO_SCHEDULE" }]
    }
  }
}

resource "google_project_service" "this" {
  for_each = toset([
    "artifactregistry.googleapis.com",
    "billingbudgets.googleapis.com",
    "cloudkms.googleapis.com",
    "compute.googleapis.com",
    "container.googleapis.com",
    "file.googleapis.com",
    "monitoring.googleapis.com",
    "redis.googleapis.com",
    "secretmanager.googleapis.com",
    "servicenetworking.googleapis.com",
    "sqladmin.googleapis.com",
  ])

  project            = var.place.project_id
  service            = each.key
  disable_on_destroy = false
}

resource "google_kms_key_ring" "this" {
  name     = var.name
  location = var.place.region

  depends_on = [google_project_service.this]
}

module "keys" {
  source   = "./modules/key"
  for_each = local.keys

  name           = each.key
  key_ring       = google_kms_key_ring.this.id
  service_agents = each.value
}

module "network" {
  source = "./modules/network"

  name   = var.name
  region = var.place.region
  cidr   = var.network_cidr

  depends_on = [google_project_service.this]
}

module "capacity" {
  source = "../modules/capacity"

  pods           = var.serving_pods
  pod_memory_gib = var.serving_pod_memory_gib
  node           = { cores = var.serving_node.cores, memory_gib = var.serving_node.memory_gib }
  zones          = length(var.zones)
}

module "registry" {
  source = "./modules/registry"

  name   = var.name
  region = var.place.region
  key_id = module.keys["releases"].id
}

module "cluster" {
  source = "./modules/cluster"

  name               = var.name
  place              = var.place
  zones              = var.zones
  kubernetes_version = var.kubernetes_version
  network_id         = module.network.network_id
  subnet             = module.network.subnet
  api_access_cidrs   = var.api_access_cidrs
  key_id             = module.keys["cluster"].id
  image_repository   = module.registry.repository
  node_pools         = local.node_pools
  is_protected       = var.is_protected
}

module "database" {
  source = "./modules/database"

  name             = var.name
  region           = var.place.region
  network_id       = module.network.network_id
  key_id           = module.keys["database"].id
  database_version = var.database.version
  tier             = var.database.tier
  storage_gib      = var.database.storage_gib
  backups          = var.database.backups
  is_protected     = var.is_protected
}

module "cache" {
  source = "./modules/cache"

  name       = var.name
  region     = var.place.region
  network_id = module.network.network_id
  key_id     = module.keys["cache"].id
  memory_gib = var.cache.memory_gib
  replicas   = var.cache.replicas
}

module "releases" {
  source = "./modules/releases"

  bucket_name = "${var.name}-releases-${local.number}"
  region      = var.place.region
  key_id      = module.keys["releases"].id
  lock        = var.release_lock
}

module "secrets" {
  source = "./modules/secrets"

  prefix         = var.name
  region         = var.place.region
  key_id         = module.keys["secrets"].id
  secrets        = ["cache", "database", "database-admin", "experiments", "pagerduty", "shopify", "slack"]
  cache_password = module.cache.password
  cache = {
    host    = module.cache.host
    port    = module.cache.port
    version = var.cache_password_version
  }
}

module "identity" {
  source = "./modules/identity"

  place            = var.place
  namespace        = var.namespace
  bucket_name      = module.releases.bucket_name
  release_readers  = var.release_readers
  release_writers  = var.release_writers
  readable_secrets = { for name, id in module.secrets.ids : name => id if name != "database-admin" }

  # The pool of identities comes with the first cluster of a project.
  depends_on = [module.cluster]
}

module "budget" {
  source = "./modules/budget"

  name            = var.name
  billing_account = var.budget.billing_account
  project_number  = local.number
  monthly         = var.budget.monthly
  emails          = var.budget.emails
}
