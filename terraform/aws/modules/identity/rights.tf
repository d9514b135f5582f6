locals {
  read_releases = [
    {
      Sid       = "ListReleases"
      Effect    = "Allow"
      Action    = ["s3:ListBucket"]
      Resource  = [var.releases.bucket_arn]
      Condition = { StringLike = { "s3:prefix" = ["${var.releases.prefix}*"] } }
    },
    {
      Sid      = "ReadReleases"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:GetObjectVersion"]
      Resource = ["${var.releases.bucket_arn}/${var.releases.prefix}*"]
    },
    {
      Sid       = "DecryptReleases"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = [var.releases.key_arn]
      Condition = { StringEquals = { "kms:ViaService" = "s3.${var.place.region}.amazonaws.com" } }
    },
  ]

  # No right to delete, nor to end a lock. Tags are how a release is retired.
  write_releases = [
    {
      Sid      = "WriteReleases"
      Effect   = "Allow"
      Action   = ["s3:PutObject", "s3:PutObjectTagging", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
      Resource = ["${var.releases.bucket_arn}/${var.releases.prefix}*"]
    },
    {
      Sid       = "EncryptReleases"
      Effect    = "Allow"
      Action    = ["kms:GenerateDataKey"]
      Resource  = [var.releases.key_arn]
      Condition = { StringEquals = { "kms:ViaService" = "s3.${var.place.region}.amazonaws.com" } }
    },
  ]

  read_secrets = [
    {
      Sid      = "ReadSecrets"
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
      Resource = ["arn:${var.place.partition}:secretsmanager:${var.place.region}:${var.place.account_id}:secret:${var.secrets.prefix}/*"]
    },
    {
      Sid       = "DecryptSecrets"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = [var.secrets.key_arn]
      Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${var.place.region}.amazonaws.com" } }
    },
  ]

  scale_nodes = [
    {
      # None of these can be limited to a resource.
      Sid    = "LookAtNodes"
      Effect = "Allow"
      Action = [
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeAutoScalingInstances",
        "autoscaling:DescribeLaunchConfigurations",
        "autoscaling:DescribeScalingActivities",
        "autoscaling:DescribeTags",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:GetInstanceTypesFromInstanceRequirements",
      ]
      Resource = ["*"]
    },
    {
      Sid      = "LookAtNodeGroups"
      Effect   = "Allow"
      Action   = ["eks:DescribeNodegroup"]
      Resource = ["arn:${var.place.partition}:eks:${var.place.region}:${var.place.account_id}:nodegroup/${var.cluster_name}/*"]
    },
    {
      Sid       = "ScaleNodesOfThisCluster"
      Effect    = "Allow"
      Action    = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
      Resource  = ["arn:${var.place.partition}:autoscaling:${var.place.region}:${var.place.account_id}:autoScalingGroup:*"]
      Condition = { StringEquals = { "aws:ResourceTag/eks:cluster-name" = var.cluster_name } }
    },
  ]
}
