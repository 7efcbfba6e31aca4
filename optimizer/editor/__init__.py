"""A language server: the rules over files that are being typed."""
