# A key that rotates every 90 days, and the services that may use it.

resource "google_kms_crypto_key" "this" {
  name            = var.name
  key_ring        = var.key_ring
  rotation_period = "7776000s"

  # Destroying a key destroys what it encrypts: for 30 days it can be taken back.
  destroy_scheduled_duration = "2592000s"
}

resource "google_kms_crypto_key_iam_member" "agent" {
  for_each = var.service_agents

  crypto_key_id = google_kms_crypto_key.this.id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:${each.value}"
}
