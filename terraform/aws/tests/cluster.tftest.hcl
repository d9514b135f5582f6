mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                 = "shortlist-test"
  place                = { account_id = "123456789012", partition = "aws", region = "eu-central-1" }
  subnet_ids           = ["subnet-a", "subnet-b", "subnet-c"]
  admin_principal_arns = { platform = "arn:aws:iam::123456789012:role/platform" }
  key_arn              = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  logs_key_arn         = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  node_groups = {
    general = {
      instance_types = ["m7a.2xlarge"]
      capacity       = "on-demand"
      size           = { min = 3, initial = 3, max = 9 }
    }
    serving = {
      instance_types  = ["m7a.2xlarge", "r7a.2xlarge"]
      capacity        = "spot"
      size            = { min = 3, initial = 6, max = 9 }
      exclusive_cores = true
      taints          = [{ key = "shortlist.dev/pool", value = "serving", effect = "NO_SCHEDULE" }]
    }
  }
}

run "a_private_api_with_entries_as_the_only_way_in" {
  command = apply
  module {
    source = "./modules/cluster"
  }

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_private_access && !aws_eks_cluster.this.vpc_config[0].endpoint_public_access
    error_message = "without ranges the API is not on the internet"
  }
  assert {
    condition     = aws_eks_cluster.this.access_config[0].authentication_mode == "API" && !aws_eks_cluster.this.access_config[0].bootstrap_cluster_creator_admin_permissions
    error_message = "no ConfigMap, no right for the creator"
  }
  assert {
    condition     = keys(aws_eks_access_policy_association.admin) == ["platform"]
    error_message = "the administrators are those who are named"
  }
  assert {
    condition     = contains(aws_eks_cluster.this.encryption_config[0].resources, "secrets") && contains(aws_eks_cluster.this.enabled_cluster_log_types, "audit")
    error_message = "secrets are encrypted by a key of ours, and there is an audit log"
  }
}

run "an_api_for_named_ranges" {
  command = apply
  module {
    source = "./modules/cluster"
  }
  variables {
    public_access_cidrs = ["203.0.113.0/24"]
  }

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_public_access && aws_eks_cluster.this.vpc_config[0].public_access_cidrs == toset(["203.0.113.0/24"])
    error_message = "only the range that was named"
  }
}

run "spot_for_serving_on_demand_for_the_rest" {
  command = apply
  module {
    source = "./modules/cluster"
  }

  assert {
    condition     = aws_eks_node_group.this["serving"].capacity_type == "SPOT" && aws_eks_node_group.this["general"].capacity_type == "ON_DEMAND"
    error_message = "capacity types"
  }
  assert {
    condition     = length(aws_eks_node_group.this["serving"].taint) == 1 && length(aws_eks_node_group.this["general"].taint) == 0
    error_message = "what does not tolerate it stays off spot nodes"
  }
  assert {
    condition     = aws_eks_node_group.this["serving"].labels["shortlist.dev/pool"] == "serving"
    error_message = "pods find their pool by its label"
  }
}

run "serving_pods_have_cores_of_their_own" {
  command = apply
  module {
    source = "./modules/cluster"
  }

  assert {
    condition     = strcontains(base64decode(aws_launch_template.nodes["serving"].user_data), "\"cpuManagerPolicy\": \"static\"")
    error_message = "kubelet's static policy in the node's configuration"
  }
  assert {
    condition     = startswith(base64decode(aws_launch_template.nodes["serving"].user_data), "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"//\"\n\n--//\nContent-Type: application/node.eks.aws\n\n")
    error_message = "a multi-part document, as AL2023's nodeadm reads it"
  }
  assert {
    condition     = aws_launch_template.nodes["general"].user_data == null || aws_launch_template.nodes["general"].user_data == ""
    error_message = "others share their cores"
  }
}

run "pods_cannot_become_their_node" {
  command = apply
  module {
    source = "./modules/cluster"
  }

  assert {
    condition = alltrue([
      for template in aws_launch_template.nodes :
      template.metadata_options[0].http_tokens == "required" && template.metadata_options[0].http_put_response_hop_limit == 1
    ])
    error_message = "IMDSv2 with one hop"
  }
  assert {
    condition     = alltrue([for template in aws_launch_template.nodes : tobool(template.block_device_mappings[0].ebs[0].encrypted)])
    error_message = "encrypted disks"
  }
  assert {
    condition     = toset(keys(aws_iam_role_policy_attachment.nodes)) == toset(["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"])
    error_message = "the node's own rights are the kubelet's alone"
  }
}

run "what_the_manifests_rely_on_is_there" {
  command = apply
  module {
    source = "./modules/cluster"
  }

  assert {
    condition     = jsondecode(aws_eks_addon.before_nodes["vpc-cni"].configuration_values).enableNetworkPolicy == "true"
    error_message = "NetworkPolicy is enforced"
  }
  assert {
    condition     = contains(keys(aws_eks_addon.on_nodes), "metrics-server") && contains(keys(aws_eks_addon.before_nodes), "eks-pod-identity-agent")
    error_message = "CPU metrics for the autoscaler, identities for pods"
  }
  assert {
    condition     = jsondecode(aws_iam_role.addon["vpc-cni"].assume_role_policy).Statement[0].Principal.Service == "pods.eks.amazonaws.com"
    error_message = "add-ons have roles of their own"
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
    public_access_cidrs = ["0.0.0.0/0"]
  }
  expect_failures = [var.public_access_cidrs]
}

run "refuses_a_cluster_that_nobody_may_enter" {
  command = plan
  module {
    source = "./modules/cluster"
  }
  variables {
    admin_principal_arns = {}
  }
  expect_failures = [var.admin_principal_arns]
}

run "refuses_burstable_nodes" {
  command = plan
  module {
    source = "./modules/cluster"
  }
  variables {
    node_groups = {
      general = { instance_types = ["t3.2xlarge"], capacity = "on-demand", size = { min = 3, initial = 3, max = 3 } }
    }
  }
  expect_failures = [var.node_groups]
}

run "refuses_spot_of_one_type" {
  command = plan
  module {
    source = "./modules/cluster"
  }
  variables {
    node_groups = {
      general = { instance_types = ["m7a.2xlarge"], capacity = "on-demand", size = { min = 3, initial = 3, max = 3 } }
      serving = { instance_types = ["m7a.2xlarge"], capacity = "spot", size = { min = 3, initial = 3, max = 3 } }
    }
  }
  expect_failures = [var.node_groups]
}

run "refuses_a_cluster_of_spot_nodes_alone" {
  command = plan
  module {
    source = "./modules/cluster"
  }
  variables {
    node_groups = {
      serving = { instance_types = ["m7a.2xlarge", "r7a.2xlarge"], capacity = "spot", size = { min = 3, initial = 3, max = 3 } }
    }
  }
  expect_failures = [var.node_groups]
}
