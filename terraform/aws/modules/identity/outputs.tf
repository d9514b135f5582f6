output "role_arns" {
  description = "ARN of each role. Pods need no annotation: the association does it."
  value       = { for name, role in aws_iam_role.this : name => role.arn }
}
