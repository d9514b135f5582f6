variable "prefix" {
  description = "Namespace of the repositories."
  type        = string
  default     = "shortlist"
}

variable "images" {
  description = "Images of the platform, a repository each."
  type        = set(string)
  default     = ["serving", "ingest", "experiments", "controller", "cli", "trainer"]
}

variable "images_most" {
  description = "Images that a repository keeps; roll-backs reach no further."
  type        = number
  default     = 100

  validation {
    condition     = var.images_most >= 10
    error_message = "images_most: at least 10, or a roll-back finds nothing."
  }
}

variable "key_arn" {
  description = "Key of the encryption."
  type        = string
}
