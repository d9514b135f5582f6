variable "name" {
  description = "Name of the key in its ring."
  type        = string
}

variable "key_ring" {
  description = "Id of the key ring, of the region of what it encrypts."
  type        = string
}

variable "service_agents" {
  description = "E-mail addresses of Google's service agents that encrypt with it, by a name of your own."
  type        = map(string)

  validation {
    condition     = alltrue([for agent in values(var.service_agents) : endswith(agent, ".gserviceaccount.com")])
    error_message = "service_agents: addresses of service accounts."
  }
}
