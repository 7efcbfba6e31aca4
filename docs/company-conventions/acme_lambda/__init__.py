"""How Acme builds Lambda functions.

Importing it loads nothing: ``rules`` is what `optimizer lint` runs, and ``cdk`` is for apps.
"""
