output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "node_subnet_ids" {
  description = "Private subnets for nodes and pods, one a zone, in the order of `zones`."
  value       = [for zone in var.zones : aws_subnet.nodes[zone].id]
}

output "data_subnet_ids" {
  description = "Subnets without a route out, for the database and the cache, in the order of `zones`."
  value       = [for zone in var.zones : aws_subnet.data[zone].id]
}
