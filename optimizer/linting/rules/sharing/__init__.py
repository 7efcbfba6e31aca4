"""LIO9: what the functions of an app could share."""
