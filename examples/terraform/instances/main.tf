# A VPC with two instances that may ping each other.

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

provider "alicloud" {
  alias        = "local"
  region       = "cn-hangzhou"
  access_key   = var.access_key
  secret_key   = var.secret_key
  account_type = "Domestic"
  protocol     = "HTTPS"

  endpoints {
    vpc = var.endpoint
    ecs = var.endpoint
    sts = var.endpoint
  }
}

locals {
  # The only image and the only type: others are taken, and are a difference in every plan.
  image_id      = "peerway_namespace"
  instance_type = "ecs.peerway.large"
}

resource "alicloud_vpc" "example" {
  provider   = alicloud.local
  vpc_name   = "example"
  cidr_block = "10.8.0.0/16"
}

resource "alicloud_vswitch" "example" {
  provider   = alicloud.local
  vpc_id     = alicloud_vpc.example.id
  zone_id    = "cn-hangzhou-h"
  cidr_block = "10.8.1.0/24"
}

resource "alicloud_security_group" "example" {
  provider            = alicloud.local
  vpc_id              = alicloud_vpc.example.id
  security_group_name = "example"
}

resource "alicloud_security_group_rule" "ping" {
  provider          = alicloud.local
  security_group_id = alicloud_security_group.example.id
  type              = "ingress"
  ip_protocol       = "icmp"
  port_range        = "-1/-1"
  cidr_ip           = "10.8.0.0/16"
}

resource "alicloud_instance" "client" {
  provider        = alicloud.local
  instance_name   = "client"
  image_id        = local.image_id
  instance_type   = local.instance_type
  vswitch_id      = alicloud_vswitch.example.id
  security_groups = [alicloud_security_group.example.id]
}

resource "alicloud_instance" "server" {
  provider        = alicloud.local
  instance_name   = "server"
  image_id        = local.image_id
  instance_type   = local.instance_type
  vswitch_id      = alicloud_vswitch.example.id
  security_groups = [alicloud_security_group.example.id]
  private_ip      = "10.8.1.20"
}

output "client" {
  value = alicloud_instance.client.id
}
