"""What takes Security Assist into an AWS account: bundles, roles, and the commands around them."""
