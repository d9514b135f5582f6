output "pods_per_node" {
  description = "Serving pods on one node, by its cores or its memory, whichever is less."
  value       = local.pods_per_node
}

output "nodes" {
  description = "Least, initial and most nodes of the serving pool."
  value = {
    min     = local.least
    initial = max(local.initial, local.least)
    max     = max(local.most, local.initial, local.least)
  }
}
