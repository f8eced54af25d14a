# Two VPCs of two accounts, in two regions: one account asks, the other accepts, each adds its route entry.
# Then an alarm of the requester's about what the connection carries.

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
  description = "The requester's access key ID"
}

variable "secret_key" {
  description = "Its secret"
  sensitive   = true
}

variable "accepting_uid" {
  description = "The accepter's account"
}

variable "accepting_access_key" {
  description = "The accepter's access key ID"
}

variable "accepting_secret_key" {
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
  access_key   = var.accepting_access_key
  secret_key   = var.accepting_secret_key
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

resource "alicloud_vpc_peer_connection" "example" {
  provider             = alicloud.local
  peer_connection_name = "example_peer_connection_name"
  vpc_id               = var.local_vpc_id
  accepting_ali_uid    = var.accepting_uid
  accepting_region_id  = "cn-beijing"
  accepting_vpc_id     = var.accepting_vpc_id
  # Mbit/s; like the type of the link only for two regions.
  bandwidth = 1024
  link_type = "Gold"
}

resource "alicloud_vpc_peer_connection_accepter" "example" {
  provider    = alicloud.accepting
  instance_id = alicloud_vpc_peer_connection.example.id
}

# The provider asks for entries again and again until the connection was accepted.
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

resource "alicloud_cms_alarm_contact" "example" {
  provider           = alicloud.local
  alarm_contact_name = "example_cms_alarm_contact_name"
  describe           = "example_vpc_peer_alarm"
  channels_mail      = "ops@example.com"
  lifecycle {
    # Needed at the real cloud, where a new address counts only once it was confirmed.
    ignore_changes = [channels_mail]
  }
}

resource "alicloud_cms_alarm_contact_group" "example" {
  provider                 = alicloud.local
  alarm_contact_group_name = "example_cms_alarm_contact_group"
  contacts                 = [alicloud_cms_alarm_contact.example.id]
}

resource "alicloud_cms_alarm" "example" {
  provider           = alicloud.local
  name               = "example_cms_alarm_name"
  project            = "acs_vpcpeer"
  metric             = "IntranetRX"
  period             = 60
  contact_groups     = [alicloud_cms_alarm_contact_group.example.alarm_contact_group_name]
  effective_interval = "06:00-20:00"
  metric_dimensions  = <<EOF
  [
    {
      "instanceId": "${alicloud_vpc_peer_connection.example.id}"
    }
  ]
  EOF
  escalations_critical {
    statistics          = "Sum"
    comparison_operator = ">="
    threshold           = 104857600
    times               = 2
  }
}
