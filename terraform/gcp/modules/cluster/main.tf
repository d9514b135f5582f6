resource "google_service_account" "nodes" {
  account_id   = "${var.name}-nodes"
  display_name = "Nodes of ${var.name}"
}

# What the kubelet, logging and monitoring need; pods have identities of their own.
resource "google_project_iam_member" "nodes" {
  project = var.place.project_id
  role    = "roles/container.defaultNodeServiceAccount"
  member  = "serviceAccount:${google_service_account.nodes.email}"
}

resource "google_artifact_registry_repository_iam_member" "nodes" {
  project    = var.place.project_id
  location   = var.place.region
  repository = var.image_repository
  role       = "roles/artifactregistry.reader"
  member     = "serviceAccount:${google_service_account.nodes.email}"
}

resource "google_container_cluster" "this" {
  name                = var.name
  location            = var.place.region
  node_locations      = var.zones
  min_master_version  = var.kubernetes_version
  deletion_protection = var.is_protected

  # Pools are resources of their own; the first one is thrown away.
  remove_default_node_pool = true
  initial_node_count       = 1

  network         = var.network_id
  subnetwork      = var.subnet.id
  networking_mode = "VPC_NATIVE"
  # Enforces NetworkPolicy, which the manifests rely on.
  datapath_provider = "ADVANCED_DATAPATH"

  ip_allocation_policy {
    cluster_secondary_range_name  = var.subnet.pods
    services_secondary_range_name = var.subnet.services
  }

  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = length(var.api_access_cidrs) == 0
    master_ipv4_cidr_block  = var.control_plane_cidr
  }

  master_authorized_networks_config {
    dynamic "cidr_blocks" {
      for_each = var.api_access_cidrs
      content {
        cidr_block = cidr_blocks.value
      }
    }
  }

  master_auth {
    client_certificate_config {
      issue_client_certificate = false
    }
  }

  workload_identity_config {
    workload_pool = "${var.place.project_id}.svc.id.goog"
  }

  database_encryption {
    state    = "ENCRYPTED"
    key_name = var.key_id
  }

  release_channel {
    channel = "REGULAR"
  }

  gateway_api_config {
    channel = "CHANNEL_STANDARD"
  }

  addons_config {
    gce_persistent_disk_csi_driver_config {
      enabled = true
    }
    dns_cache_config {
      enabled = true
    }
    # The claim `releases`, which many nodes mount at once.
    gcp_filestore_csi_driver_config {
      enabled = true
    }
  }

  logging_config {
    enable_components = ["SYSTEM_COMPONENTS", "APISERVER", "SCHEDULER", "CONTROLLER_MANAGER"]
  }

  # The platform's own Prometheus scrapes it; a second, paid one would count the same.
  monitoring_config {
    enable_components = ["SYSTEM_COMPONENTS"]
    managed_prometheus {
      enabled = false
    }
  }

  cost_management_config {
    enabled = true
  }

  maintenance_policy {
    recurring_window {
      start_time = "2026-01-04T03:00:00Z"
      end_time   = "2026-01-04T09:00:00Z"
      recurrence = "FREQ=WEEKLY;BYDAY=SU,SA"
    }
  }

  lifecycle {
    ignore_changes = [initial_node_count]
  }
}

resource "google_container_node_pool" "this" {
  for_each = var.node_pools

  name               = each.key
  cluster            = google_container_cluster.this.id
  location           = var.place.region
  node_locations     = var.zones
  initial_node_count = ceil(each.value.size.initial / length(var.zones))

  autoscaling {
    total_min_node_count = each.value.size.min
    total_max_node_count = each.value.size.max
    location_policy      = "BALANCED"
  }

  management {
    auto_repair  = true
    auto_upgrade = true
  }

  upgrade_settings {
    strategy        = "SURGE"
    max_surge       = 1
    max_unavailable = 0
  }

  node_config {
    machine_type    = each.value.machine_type
    spot            = each.value.capacity == "spot"
    image_type      = "COS_CONTAINERD"
    disk_type       = "pd-balanced"
    disk_size_gb    = each.value.disk_gib
    service_account = google_service_account.nodes.email
    oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]
    labels          = { "shortlist.dev/pool" = each.key }

    dynamic "taint" {
      for_each = each.value.taints
      content {
        key    = taint.value.key
        value  = taint.value.value
        effect = taint.value.effect
      }
    }

    # A vCPU is a physical core, not half of one: a pod's core is a core, as it was measured.
    dynamic "advanced_machine_features" {
      for_each = each.value.exclusive_cores ? [1] : []
      content {
        threads_per_core = advanced_machine_features.value
      }
    }

    # Pods whose requests equal their limits, in whole cores, get cores of their own.
    dynamic "kubelet_config" {
      for_each = each.value.exclusive_cores ? ["static"] : []
      content {
        cpu_manager_policy = kubelet_config.value
      }
    }

    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }

    # A pod cannot ask the metadata service for the node's credentials.
    workload_metadata_config {
      mode = "GKE_METADATA"
    }
  }

  lifecycle {
    # The autoscaler moves it.
    ignore_changes = [initial_node_count]
  }
}
