terraform {
  required_version = "~> 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }

  # terraform init -backend-config=backend.hcl
  backend "s3" {
    key          = "shortlist/production.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}
