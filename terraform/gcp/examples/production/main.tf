provider "google" {
  project = var.project_id
  region  = var.region

  default_labels = {
    project     = "shortlist-production"
    environment = "production"
    managed-by  = "terraform"
  }
}

module "shortlist" {
  source = "../.."

  name  = "shortlist-production"
  place = { project_id = var.project_id, project_number = var.project_number, region = var.region }
  zones = ["${var.region}-a", "${var.region}-b", "${var.region}-c"]

  api_access_cidrs = var.api_access_cidrs

  # shortlist capacity --rps 10000 --slo 100 --items 1000000 --candidates 500
  serving_pods = { least = 5, planned = 48, most = 50 }

  budget = var.budget
}

module "passwords" {
  source = "../../modules/passwords"

  secrets           = module.shortlist.secrets_to_draw
  versions          = var.password_versions
  database_instance = module.shortlist.database.instance
}
