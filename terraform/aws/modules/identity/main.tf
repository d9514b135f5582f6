# Roles of pods. EKS Pod Identity gives a pod its role by namespace and service account; a trust policy says the same
# again, so that an association made by mistake gives nobody else's pod the role.

locals {
  identities = merge(
    { for service_account in var.release_readers : "release-reader-${service_account}" => {
      namespace       = var.namespace
      service_account = service_account
      statements      = local.read_releases
    } },
    { for service_account in var.release_writers : "release-writer-${service_account}" => {
      namespace       = var.namespace
      service_account = service_account
      statements      = concat(local.read_releases, local.write_releases)
    } },
    {
      external-secrets = {
        namespace       = var.external_secrets.namespace
        service_account = var.external_secrets.service_account
        statements      = local.read_secrets
      }
      cluster-autoscaler = {
        namespace       = var.cluster_autoscaler.namespace
        service_account = var.cluster_autoscaler.service_account
        statements      = local.scale_nodes
      }
    },
  )
}

resource "aws_iam_role" "this" {
  for_each = local.identities

  name                 = "${var.name}-${each.key}"
  max_session_duration = 3600

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "pods.eks.amazonaws.com" }
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Condition = {
        StringEquals = {
          "aws:SourceAccount"                         = var.place.account_id
          "aws:RequestTag/kubernetes-namespace"       = each.value.namespace
          "aws:RequestTag/kubernetes-service-account" = each.value.service_account
        }
        ArnEquals = { "aws:SourceArn" = var.cluster_arn }
      }
    }]
  })

  lifecycle {
    precondition {
      condition     = length(setintersection(toset(var.release_readers), toset(var.release_writers))) == 0
      error_message = "A service account has one role: name it under release_readers or release_writers (who writes also reads)."
    }
  }
}

resource "aws_iam_role_policy" "this" {
  for_each = local.identities

  name = "rights"
  role = aws_iam_role.this[each.key].id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = each.value.statements
  })
}

resource "aws_eks_pod_identity_association" "this" {
  for_each = local.identities

  cluster_name    = var.cluster_name
  namespace       = each.value.namespace
  service_account = each.value.service_account
  role_arn        = aws_iam_role.this[each.key].arn
}
