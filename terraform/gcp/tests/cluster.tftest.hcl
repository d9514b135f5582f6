mock_provider "google" {
  source = "./tests/mocks"
}

variables {
  name             = "shortlist-test"
  place            = { project_id = "shortlist-test", project_number = "123456789012", region = "europe-west3" }
  zones            = ["europe-west3-a", "europe-west3-b", "europe-west3-c"]
  network_id       = "network"
  subnet           = { id = "subnet", pods = "pods", services = "services" }
  key_id           = "key"
  image_repository = "shortlist-test"
  node_pools = {
    general = { machine_type = "c3d-standard-8", capacity = "on-demand", size = { min = 3, initial = 3, max = 9 } }
    serving = {
      machine_type    = "c3d-standard-16"
      capacity        = "spot"
      size            = { min = 3, initial = 6, max = 12 }
      exclusive_cores = true
      taints          = [{ key = "shortlist.dev/pool", value = "serving", effect = "NO_SCHEDULE" }]
    }
  }
}

run "private_nodes_and_a_private_api" {
  command = apply
  module {
    source = "./modules/cluster"
  }

  assert {
    condition     = google_container_cluster.this.private_cluster_config[0].enable_private_nodes && google_container_cluster.this.private_cluster_config[0].enable_private_endpoint
    error_message = "nothing of it is on the internet"
  }
  assert {
    condition     = google_container_cluster.this.datapath_provider == "ADVANCED_DATAPATH"
    error_message = "NetworkPolicy is enforced"
  }
  assert {
    condition     = google_container_cluster.this.database_encryption[0].state == "ENCRYPTED" && google_container_cluster.this.workload_identity_config[0].workload_pool == "shortlist-test.svc.id.goog"
    error_message = "secrets are encrypted, pods have identities"
  }
}

run "spot_for_serving_on_demand_for_the_rest" {
  command = apply
  module {
    source = "./modules/cluster"
  }

  assert {
    condition     = google_container_node_pool.this["serving"].node_config[0].spot && !google_container_node_pool.this["general"].node_config[0].spot
    error_message = "spot"
  }
  assert {
    condition     = google_container_node_pool.this["serving"].initial_node_count == 2 && google_container_node_pool.this["serving"].autoscaling[0].total_max_node_count == 12
    error_message = "the start is counted by zone, the most over all zones"
  }
  assert {
    condition     = google_container_node_pool.this["serving"].node_config[0].kubelet_config[0].cpu_manager_policy == "static" && google_container_node_pool.this["serving"].node_config[0].advanced_machine_features[0].threads_per_core == 1
    error_message = "cores of their own"
  }
  assert {
    condition     = alltrue([for pool in google_container_node_pool.this : pool.node_config[0].workload_metadata_config[0].mode == "GKE_METADATA"])
    error_message = "pods cannot become their node"
  }
}

run "refuses_a_version_that_drops_the_autoscalers_tolerance" {
  command = plan
  module {
    source = "./modules/cluster"
  }
  variables {
    kubernetes_version = "1.34"
  }
  expect_failures = [var.kubernetes_version]
}

run "refuses_an_api_for_all_of_the_internet" {
  command = plan
  module {
    source = "./modules/cluster"
  }
  variables {
    api_access_cidrs = ["0.0.0.0/0"]
  }
  expect_failures = [var.api_access_cidrs]
}

run "refuses_machines_that_lend_cores" {
  command = plan
  module {
    source = "./modules/cluster"
  }
  variables {
    node_pools = {
      general = { machine_type = "e2-standard-8", capacity = "on-demand", size = { min = 3, initial = 3, max = 3 } }
    }
  }
  expect_failures = [var.node_pools]
}
