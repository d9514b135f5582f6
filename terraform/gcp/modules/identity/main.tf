# Rights of pods, by Workload Identity: bound to a namespace and service account, without a Google service account between.

locals {
  pool = "principal://iam.googleapis.com/projects/${var.place.project_number}/locations/global/workloadIdentityPools/${var.place.project_id}.svc.id.goog/subject"

  readers = setunion(var.release_readers, var.release_writers)
}

resource "google_storage_bucket_iam_member" "reader" {
  for_each = local.readers

  bucket = var.bucket_name
  role   = "roles/storage.objectViewer"
  member = "${local.pool}/ns/${var.namespace}/sa/${each.key}"
}

# Creates, and neither overwrites nor deletes.
resource "google_storage_bucket_iam_member" "writer" {
  for_each = var.release_writers

  bucket = var.bucket_name
  role   = "roles/storage.objectCreator"
  member = "${local.pool}/ns/${var.namespace}/sa/${each.key}"
}

# Secret by secret: the administrator's is not among them.
resource "google_secret_manager_secret_iam_member" "external_secrets" {
  for_each = var.readable_secrets

  secret_id = each.value
  role      = "roles/secretmanager.secretAccessor"
  member    = "${local.pool}/ns/${var.external_secrets.namespace}/sa/${var.external_secrets.service_account}"
}
