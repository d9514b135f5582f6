# Arithmetic only, no provider: how many nodes hold the pods that `shortlist capacity` asks for. Shared by aws and gcp.

locals {
  # One core of a node stays with the kubelet, its daemons and the network plugin; pods take whole cores.
  by_cores = var.node.cores - 1
  # A tenth of the memory and one GiB are the node's own (kube-reserved, eviction threshold, daemons).
  by_memory     = floor((var.node.memory_gib * 0.9 - 1) / var.pod_memory_gib)
  pods_per_node = min(local.by_cores, local.by_memory)

  # Pods are spread over the zones, so nodes come in equal numbers for each.
  zones   = var.zones
  initial = ceil(ceil(var.pods.planned / local.pods_per_node) / local.zones) * local.zones
  # While a rollout surges, or spot nodes are being replaced, more pods exist than the autoscaler's most.
  most = ceil(ceil(var.pods.most * (1 + var.surge_share) / local.pods_per_node) / local.zones) * local.zones
  # Also at night one zone may be lost without the rest having to start nodes first.
  least = max(local.zones, ceil(var.pods.least / local.pods_per_node))
}
