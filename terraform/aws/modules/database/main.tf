# PostgreSQL: the truth. A standby in another zone, encrypted, point-in-time recovery for as long as backups are kept.

resource "aws_db_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.subnet_ids
}

resource "aws_security_group" "this" {
  name        = "${var.name}-database"
  description = "PostgreSQL from the nodes, nothing else in, nothing out"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-database" }
}

resource "aws_vpc_security_group_ingress_rule" "nodes" {
  security_group_id            = aws_security_group.this.id
  description                  = "PostgreSQL from the nodes"
  referenced_security_group_id = var.client_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.name}-"
  family      = "postgres${local.major}"
  description = "Shortlist: TLS only, slow statements logged"

  dynamic "parameter" {
    for_each = local.parameters
    content {
      name         = parameter.key
      value        = parameter.value.value
      apply_method = parameter.value.needs_restart ? "pending-reboot" : "immediate"
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

locals {
  major = split(".", var.engine_version)[0]

  parameters = {
    "rds.force_ssl"              = { value = "1", needs_restart = false }
    "log_min_duration_statement" = { value = "1000", needs_restart = false }
    "log_lock_waits"             = { value = "1", needs_restart = false }
    "shared_preload_libraries"   = { value = "pg_stat_statements", needs_restart = true }
    # A client that died in the middle of a transaction would hold back vacuum for ever.
    "idle_in_transaction_session_timeout" = { value = "300000", needs_restart = false }
  }
}

resource "aws_iam_role" "monitoring" {
  name = "${var.name}-database-monitoring"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "monitoring.rds.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  role       = aws_iam_role.monitoring.name
  policy_arn = "arn:${var.place.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

resource "aws_db_instance" "this" {
  identifier     = var.name
  engine         = "postgres"
  engine_version = var.engine_version
  instance_class = var.instance_class
  db_name        = var.database_name

  # RDS makes the administrator's password, keeps it in Secrets Manager and rotates it; Terraform never sees it.
  username                      = "shortlist_admin"
  manage_master_user_password   = true
  master_user_secret_kms_key_id = var.key_arn

  multi_az               = true
  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [aws_security_group.this.id]
  publicly_accessible    = false
  ca_cert_identifier     = "rds-ca-rsa2048-g1"
  parameter_group_name   = aws_db_parameter_group.this.name

  storage_type          = "gp3"
  allocated_storage     = var.storage_gib.initial
  max_allocated_storage = var.storage_gib.most
  storage_encrypted     = true
  kms_key_id            = var.key_arn

  # Point-in-time recovery reaches back as far as the backups.
  backup_retention_period   = var.backup_days
  backup_window             = var.backup_window
  delete_automated_backups  = false
  copy_tags_to_snapshot     = true
  deletion_protection       = var.is_protected
  skip_final_snapshot       = false
  final_snapshot_identifier = "${var.name}-final"

  maintenance_window          = var.maintenance_window
  auto_minor_version_upgrade  = true
  allow_major_version_upgrade = false
  apply_immediately           = false

  monitoring_interval                   = 60
  monitoring_role_arn                   = aws_iam_role.monitoring.arn
  performance_insights_enabled          = true
  performance_insights_kms_key_id       = var.key_arn
  performance_insights_retention_period = 7
  enabled_cloudwatch_logs_exports       = ["postgresql", "upgrade"]

  lifecycle {
    # Minor versions are moved by RDS in its window; storage by its own growth.
    ignore_changes = [allocated_storage]

    precondition {
      condition     = var.storage_gib.most > var.storage_gib.initial
      error_message = "storage_gib.most must exceed storage_gib.initial: a log that fills its disk stops ingest."
    }
  }

  depends_on = [
    aws_cloudwatch_log_group.postgresql,
    aws_iam_role_policy_attachment.monitoring,
  ]
}

# Made before RDS makes it, so that it has an end and a key.
resource "aws_cloudwatch_log_group" "postgresql" {
  for_each = toset(["postgresql", "upgrade"])

  name              = "/aws/rds/instance/${var.name}/${each.key}"
  retention_in_days = var.log_days
  kms_key_id        = var.logs_key_arn
}
