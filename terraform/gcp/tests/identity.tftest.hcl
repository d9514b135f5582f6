mock_provider "google" {
  source = "./tests/mocks"
}

variables {
  place            = { project_id = "shortlist-test", project_number = "123456789012", region = "europe-west3" }
  bucket_name      = "shortlist-test-releases"
  readable_secrets = { database = "shortlist-test-database" }
}

run "serving_reads_who_trains_creates_nobody_deletes" {
  command = apply
  module {
    source = "./modules/identity"
  }

  assert {
    condition     = toset(keys(google_storage_bucket_iam_member.reader)) == toset(["serving", "cli"]) && toset(keys(google_storage_bucket_iam_member.writer)) == toset(["cli"])
    error_message = "readers and writers"
  }
  assert {
    condition = (
      alltrue([for one in google_storage_bucket_iam_member.reader : one.role == "roles/storage.objectViewer"]) &&
      alltrue([for one in google_storage_bucket_iam_member.writer : one.role == "roles/storage.objectCreator"])
    )
    error_message = "neither role can overwrite or delete"
  }
}

run "a_right_is_one_service_accounts" {
  command = apply
  module {
    source = "./modules/identity"
  }

  assert {
    condition     = google_storage_bucket_iam_member.reader["serving"].member == "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/shortlist-test.svc.id.goog/subject/ns/shortlist/sa/serving"
    error_message = google_storage_bucket_iam_member.reader["serving"].member
  }
}

run "refuses_the_administrators_secret_for_pods" {
  command = plan
  module {
    source = "./modules/identity"
  }
  variables {
    readable_secrets = { database-admin = "shortlist-test-database-admin" }
  }
  expect_failures = [var.readable_secrets]
}
