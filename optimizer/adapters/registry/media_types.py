"""Media types and sizes of the documents of an image: indexes, manifests, configurations."""

INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFEST_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)

MAX_DOCUMENT_BYTES = 4 << 20
"""Registries must accept manifests of up to 4 MiB; larger ones are not in use.

Source: https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#pushing-manifests
"""
