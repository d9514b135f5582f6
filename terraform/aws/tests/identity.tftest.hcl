mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name         = "shortlist-test"
  place        = { account_id = "123456789012", partition = "aws", region = "eu-central-1" }
  cluster_name = "shortlist-test"
  cluster_arn  = "arn:aws:eks:eu-central-1:123456789012:cluster/shortlist-test"
  releases = {
    bucket_arn = "arn:aws:s3:::shortlist-test-releases"
    prefix     = "releases/"
    key_arn    = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }
  secrets = {
    prefix  = "shortlist-test"
    key_arn = "arn:aws:kms:eu-central-1:123456789012:key/66666666-2222-3333-4444-555555555555"
  }
}

run "serving_reads_releases_and_nothing_else" {
  command = apply
  module {
    source = "./modules/identity"
  }

  assert {
    condition = toset(flatten([
      for statement in jsondecode(aws_iam_role_policy.this["release-reader-serving"].policy).Statement : statement.Action
    ])) == toset(["s3:ListBucket", "s3:GetObject", "s3:GetObjectVersion", "kms:Decrypt"])
    error_message = "rights of serving"
  }
}

run "who_writes_releases_cannot_remove_one" {
  command = apply
  module {
    source = "./modules/identity"
  }

  assert {
    condition = alltrue([
      for action in flatten([for statement in jsondecode(aws_iam_role_policy.this["release-writer-cli"].policy).Statement : statement.Action]) :
      !strcontains(action, "Delete") && !strcontains(action, "Bypass") && !strcontains(action, "Retention") && !strcontains(action, "*")
    ])
    error_message = "neither delete nor unlock, no wildcard"
  }
  assert {
    condition     = contains(flatten([for statement in jsondecode(aws_iam_role_policy.this["release-writer-cli"].policy).Statement : statement.Action]), "s3:PutObject")
    error_message = "but write"
  }
}

run "external_secrets_reads_this_installations_secrets" {
  command = apply
  module {
    source = "./modules/identity"
  }

  assert {
    condition = one([
      for statement in jsondecode(aws_iam_role_policy.this["external-secrets"].policy).Statement : statement.Resource[0] if statement.Sid == "ReadSecrets"
    ]) == "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shortlist-test/*"
    error_message = "those that begin with its name; the administrator's secret of RDS does not"
  }
}

run "only_looking_is_allowed_everywhere" {
  command = apply
  module {
    source = "./modules/identity"
  }

  assert {
    condition = alltrue(flatten([
      for policy in aws_iam_role_policy.this : [
        for statement in jsondecode(policy.policy).Statement : [
          for action in statement.Action : can(regex("^(autoscaling:Describe|ec2:Describe|ec2:Get)", action))
        ] if contains(statement.Resource, "*")
      ]
    ]))
    error_message = "a statement on all resources may only describe"
  }
}

run "a_role_is_for_one_service_account_of_one_cluster" {
  command = apply
  module {
    source = "./modules/identity"
  }

  assert {
    condition = alltrue([
      for name, role in aws_iam_role.this : (
        jsondecode(role.assume_role_policy).Statement[0].Condition.ArnEquals["aws:SourceArn"] == var.cluster_arn &&
        jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals["aws:RequestTag/kubernetes-service-account"] == aws_eks_pod_identity_association.this[name].service_account &&
        jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals["aws:RequestTag/kubernetes-namespace"] == aws_eks_pod_identity_association.this[name].namespace
      )
    ])
    error_message = "trust and association must say the same"
  }
  assert {
    condition     = aws_eks_pod_identity_association.this["release-reader-serving"].namespace == "shortlist"
    error_message = "namespace of the platform"
  }
}

run "refuses_a_service_account_with_two_roles" {
  command = plan
  module {
    source = "./modules/identity"
  }
  variables {
    release_readers = ["serving", "cli"]
  }
  expect_failures = [aws_iam_role.this]
}
