terraform {
  required_version = "~> 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "6.50.0"
    }
    random = {
      source  = "hashicorp/random"
      version = "3.7.2"
    }
  }

  # terraform init -backend-config=backend.hcl
  backend "gcs" {
    prefix = "shortlist/production"
  }
}
