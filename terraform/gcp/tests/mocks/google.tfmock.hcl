mock_resource "google_redis_instance" {
  defaults = {
    host = "10.40.32.4"
    port = 6378
    server_ca_certs = [{
      cert             = "-----mock certificate-----"
      create_time      = ""
      expire_time      = ""
      serial_number    = ""
      sha1_fingerprint = ""
    }]
  }
}

mock_resource "google_sql_database_instance" {
  defaults = {
    private_ip_address = "10.40.32.20"
  }
}

mock_resource "google_service_account" {
  defaults = {
    email = "nodes@shortlist-test.iam.gserviceaccount.com"
  }
}
