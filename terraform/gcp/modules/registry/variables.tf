variable "name" {
  description = "Name of the repository."
  type        = string
}

variable "region" {
  description = "Region of the repository."
  type        = string
}

variable "key_id" {
  description = "Key of the encryption."
  type        = string
}
