"""Registries over HTTP, without a container engine.

``client`` resolves and reads images; it makes requests through ``exchange``,
which asks ``session`` for authorizations and ``transport`` for answers.
``credentials`` says where logins come from.

Sources: the OCI distribution specification, 1.1
(https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md), and
the token flow that registries ask for in ``WWW-Authenticate``
(https://distribution.github.io/distribution/spec/auth/token/).
"""
