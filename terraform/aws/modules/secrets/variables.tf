variable "prefix" {
  description = "Beginning of every secret's name; External Secrets may read what begins so."
  type        = string
}

variable "key_arn" {
  description = "Key of the encryption."
  type        = string
}

variable "secrets" {
  description = "Secrets by name, with what they are."
  type        = map(string)
}
