output "file_system_id" {
  description = "For `fileSystemId` of the StorageClass."
  value       = aws_efs_file_system.this.id
}
