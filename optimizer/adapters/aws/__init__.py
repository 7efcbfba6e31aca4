"""Reads accounts of AWS through boto3; nothing here changes anything."""
