output "bucket_name" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.this.bucket
}

output "bucket_arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.this.arn
}

output "prefix" {
  description = "Where releases lie in it."
  value       = var.prefix
}

output "uri" {
  description = "Where a release is written to and read from."
  value       = "s3://${aws_s3_bucket.this.bucket}/${var.prefix}"
}
