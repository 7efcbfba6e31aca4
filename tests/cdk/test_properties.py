"""optimizer/cdk/properties.py holds the properties of the installed CDK."""

from __future__ import annotations

from maintenance.cdk_properties import FILE, properties_file


def test_the_properties_are_those_of_the_installed_cdk() -> None:
    """Requirement: "`OptimizedFunction` knows the properties of `DockerImageFunction` by name and type (generated, with a test that
    they are those of the installed CDK)"; python -m maintenance.cdk_properties writes them."""
    assert FILE.read_text(encoding="utf-8") == properties_file()
