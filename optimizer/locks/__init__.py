"""What lock files and manifests say: packages, versions, and what they name outside of registries.

Pure functions of texts: nothing here runs a tool or asks a network.
"""
