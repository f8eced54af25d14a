"""Tag 2018-08-13: the tags of resources, as the Terraform provider reads and changes them."""
