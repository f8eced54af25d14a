# Two VPCs of two accounts, in two regions, by Tencent Cloud's provider: asked for, accepted, routed on both sides.

terraform {
  required_providers {
    tencentcloud = {
      source = "tencentcloudstack/tencentcloud"
    }
  }
}

variable "domain" {
  description = "Root domain and port: the provider asks at vpc.DOMAIN:PORT"
}

variable "secret_id" {
  description = "The requester's access key ID"
}

variable "secret_key" {
  description = "Its secret"
  sensitive   = true
}

variable "destination_uin" {
  description = "The accepter's account"
}

variable "destination_secret_id" {
  description = "The accepter's access key ID"
}

variable "destination_secret_key" {
  description = "Its secret"
  sensitive   = true
}

variable "source_vpc_id" {
  description = "The requester's VPC, in ap-guangzhou"
}

variable "source_route_table_id" {
  description = "Its default route table"
}

variable "destination_vpc_id" {
  description = "The accepter's VPC, in ap-beijing"
}

variable "destination_route_table_id" {
  description = "Its default route table"
}

provider "tencentcloud" {
  alias      = "source"
  region     = "ap-guangzhou"
  secret_id  = var.secret_id
  secret_key = var.secret_key
  protocol   = "HTTP"
  domain     = var.domain
}

provider "tencentcloud" {
  alias      = "destination"
  region     = "ap-beijing"
  secret_id  = var.destination_secret_id
  secret_key = var.destination_secret_key
  protocol   = "HTTP"
  domain     = var.domain
}

resource "tencentcloud_vpc_peer_connect_manager" "example" {
  provider                = tencentcloud.source
  source_vpc_id           = var.source_vpc_id
  peering_connection_name = "example"
  destination_vpc_id      = var.destination_vpc_id
  destination_uin         = var.destination_uin
  destination_region      = "ap-beijing"
  bandwidth               = 100
}

resource "tencentcloud_vpc_peer_connect_accept_operation" "example" {
  provider              = tencentcloud.destination
  peering_connection_id = tencentcloud_vpc_peer_connect_manager.example.id
}

resource "tencentcloud_route_table_entry" "source" {
  provider               = tencentcloud.source
  route_table_id         = var.source_route_table_id
  destination_cidr_block = "172.16.0.0/16"
  next_type              = "PEERCONNECTION"
  next_hub               = tencentcloud_vpc_peer_connect_manager.example.id
  depends_on             = [tencentcloud_vpc_peer_connect_accept_operation.example]
}

resource "tencentcloud_route_table_entry" "destination" {
  provider               = tencentcloud.destination
  route_table_id         = var.destination_route_table_id
  destination_cidr_block = "10.0.0.0/16"
  next_type              = "PEERCONNECTION"
  next_hub               = tencentcloud_vpc_peer_connect_manager.example.id
  depends_on             = [tencentcloud_vpc_peer_connect_accept_operation.example]
}
