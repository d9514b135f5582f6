# Arithmetic only, no provider: how many nodes hold the pods that `shortlist capacity` asks for. Shared by aws and gcp.

locals {
  # One core of a node stays with the kubelet, its daemons and the network plugin; pods take whole cores.
  by_cores = var.node.cores - 1
  # What kernel, kube-reserved, eviction threshold and daemons leave of the memory: 28.6 of 32 GiB. EKS keeps about 1.0 GiB
  # of them, GKE 3.6; the rest is for daemons.
  by_memory     = floor((var.node.memory_gib * 0.93 - 1.2) / var.pod_memory_gib)
  pods_per_node = min(local.by_cores, local.by_memory)

  # Pods are spread over the zones, so nodes come in equal numbers for each.
  zones   = var.zones
  initial = ceil(ceil(var.pods.planned / local.pods_per_node) / local.zones) * local.zones
  # While a rollout surges, or spot nodes are being replaced, more pods exist than the autoscaler's most.
  most = ceil(ceil(var.pods.most * (1 + var.surge_share) / local.pods_per_node) / local.zones) * local.zones
  # Also at night one zone may be lost without the rest having to start nodes first.
  least = max(local.zones, ceil(var.pods.least / local.pods_per_node))
}
