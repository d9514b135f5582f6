provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = {
      project     = local.cost_tag.value
      environment = "production"
      managed-by  = "terraform"
    }
  }
}

locals {
  cost_tag = { key = "project", value = "shortlist-production" }
}

module "shortlist" {
  source = "../.."

  name  = "shortlist-production"
  place = { account_id = var.account_id, region = var.region }
  zones = ["${var.region}a", "${var.region}b", "${var.region}c"]

  admin_principal_arns = var.admin_principal_arns
  api_access_cidrs     = var.api_access_cidrs

  # shortlist capacity --rps 10000 --slo 100 --items 1000000 --candidates 500
  serving_pods = { least = 5, planned = 48, most = 50 }

  budget   = { monthly_usd = var.monthly_usd, emails = var.budget_emails }
  cost_tag = local.cost_tag
}

module "passwords" {
  source = "../../modules/passwords"

  secrets  = module.shortlist.secrets_to_draw
  versions = var.password_versions
}
