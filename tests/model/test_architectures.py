"""Lambda's architectures under the names that others give them."""

from __future__ import annotations

import pytest

from optimizer.model.architectures import architecture_of_oci, architecture_of_platform, meant_architecture, platform_of


@pytest.mark.parametrize(
    ("platform", "name"),
    [
        ("linux/amd64", "x86_64"),
        ("linux/amd64/v1", "x86_64"),
        ("linux/x86_64", "x86_64"),
        ("LINUX/ARM64", "arm64"),
        ("linux/arm64/v8", "arm64"),
        ("linux/aarch64", "arm64"),
        # Lambda's processors need not have what this variant asks for.
        ("linux/amd64/v3", None),
        ("linux/arm/v7", None),
        ("windows/amd64", None),
        ("arm64", "arm64"),
        ("amd64", "x86_64"),
        ("x86-64", "x86_64"),
        ("aarch64", "arm64"),
        ("arm64/v8", None),
        ("linux", None),
        ("", None),
    ],
)
def test_a_platform_is_one_architecture_or_none(platform: str, name: str | None) -> None:
    found = architecture_of_platform(platform)
    assert (found.name if found else None) == name


def test_a_name_of_somebody_else_is_understood() -> None:
    words = ("amd64", "x64", "aarch64", "arm64", "AARCH64", "x86_64", "riscv64")
    assert [meant_architecture(word) for word in words] == ["x86_64", "x86_64", "arm64", "arm64", "arm64", "x86_64", None]


def test_names_and_back() -> None:
    assert [platform_of(name) for name in ("x86_64", "arm64", "amd64", None)] == ["linux/amd64", "linux/arm64", None, None]
    found = architecture_of_oci("amd64")
    assert found is not None and found.name == "x86_64"
    assert architecture_of_oci("x86_64") is None
