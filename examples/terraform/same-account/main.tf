# Two VPCs of one account, in two regions: a peer connection, and a route entry on each side.

terraform {
  required_providers {
    alicloud = {
      source  = "aliyun/alicloud"
      version = ">= 1.246.0"
    }
  }
}

variable "endpoint" {
  description = "Where Peerway is: HOST:PORT, without a scheme"
}

variable "access_key" {
  description = "Access key ID of the account"
}

variable "secret_key" {
  description = "Its secret"
  sensitive   = true
}

variable "local_vpc_id" {
  description = "The requester's VPC, in cn-hangzhou"
}

variable "local_route_table_id" {
  description = "The route table of its instances' VSwitch"
}

variable "accepting_vpc_id" {
  description = "The accepter's VPC, in cn-beijing"
}

variable "accepting_route_table_id" {
  description = "The route table of its instances' VSwitch"
}

provider "alicloud" {
  alias        = "local"
  region       = "cn-hangzhou"
  access_key   = var.access_key
  secret_key   = var.secret_key
  account_type = "Domestic"
  protocol     = "HTTPS"

  endpoints {
    vpc     = var.endpoint
    vpcpeer = var.endpoint
    ecs     = var.endpoint
    sts     = var.endpoint
    cms     = var.endpoint
  }
}

provider "alicloud" {
  alias        = "accepting"
  region       = "cn-beijing"
  access_key   = var.access_key
  secret_key   = var.secret_key
  account_type = "Domestic"
  protocol     = "HTTPS"

  endpoints {
    vpc     = var.endpoint
    vpcpeer = var.endpoint
    ecs     = var.endpoint
    sts     = var.endpoint
    cms     = var.endpoint
  }
}

data "alicloud_account" "default" {
  provider = alicloud.local
}

resource "alicloud_vpc_peer_connection" "example" {
  provider             = alicloud.local
  peer_connection_name = "example_peer_connection_name"
  vpc_id               = var.local_vpc_id
  accepting_ali_uid    = data.alicloud_account.default.id
  accepting_region_id  = "cn-beijing"
  accepting_vpc_id     = var.accepting_vpc_id
  # Mbit/s; like the type of the link only for two regions.
  bandwidth = 1024
  link_type = "Gold"
}

resource "alicloud_route_entry" "local" {
  provider              = alicloud.local
  route_table_id        = var.local_route_table_id
  destination_cidrblock = "172.16.0.0/12"
  nexthop_type          = "VpcPeer"
  nexthop_id            = alicloud_vpc_peer_connection.example.id
}

resource "alicloud_route_entry" "accepting" {
  provider              = alicloud.accepting
  route_table_id        = var.accepting_route_table_id
  destination_cidrblock = "10.0.0.0/8"
  nexthop_type          = "VpcPeer"
  nexthop_id            = alicloud_vpc_peer_connection.example.id
}
