"""Executables by their headers, and names that say a machine."""

from __future__ import annotations

import pytest

from optimizer.images.machines import machine_of, without_machine
from tests.images.archives import elf


@pytest.mark.parametrize(
    ("header", "machine"),
    [
        (elf(62), "x86_64"),
        (elf(183), "arm64"),
        (elf(3, bits=32), "32-bit x86"),
        (elf(40, bits=32), "32-bit ARM"),
        (elf(22, order="big"), "IBM Z"),
        (elf(183, kind=2), "arm64"),
        # Object files are data of compilers, and code for graphics cards is data of libraries.
        (elf(62, kind=1), ""),
        (elf(190), ""),
        (elf(247), ""),
        (elf(62)[:19], ""),
        (b"\x7fELF" + bytes(16), ""),
        (b"#!/bin/sh\necho 1234567890", ""),
        (b"", ""),
    ],
)
def test_the_machine_of_a_file(header: bytes, machine: str) -> None:
    assert machine_of(header) == machine


@pytest.mark.parametrize(
    ("foreign", "machine", "right", "own"),
    [
        ("linux-x64", "x86_64", "linux-arm64", "arm64"),
        ("android-arm64", "arm64", "linux-x64", "x86_64"),
        ("sharp-linuxmusl-x64.node", "x86_64", "sharp-linux-arm64.node", "arm64"),
        ("x86_64-unknown-linux-musl", "x86_64", "aarch64-unknown-linux-gnu", "arm64"),
        ("a.cpython-313-x86_64-linux-gnu.so", "x86_64", "a.cpython-313-aarch64-linux-gnu.so", "arm64"),
        ("linux-arm-gnueabihf", "32-bit ARM", "linux-x64-gnu", "x86_64"),
        ("node.napi.armv7.node", "32-bit ARM", "node.napi.x64.node", "x86_64"),
        ("armeabi-v7a", "32-bit ARM", "x86_64", "x86_64"),
        ("X86", "32-bit x86", "x86_64", "x86_64"),
        ("linux_386", "32-bit x86", "linux_amd64", "x86_64"),
        ("linux-s390x", "IBM Z", "linux-x64", "x86_64"),
        ("tool-linux-riscv64", "RISC-V", "tool-linux-arm64", "arm64"),
    ],
)
def test_names_of_one_package_for_two_machines(foreign: str, machine: str, right: str, own: str) -> None:
    rest = without_machine(foreign, machine)
    assert rest is not None and rest == without_machine(right, own)


@pytest.mark.parametrize(
    ("one", "machine", "other", "own"),
    [
        ("esbuild-x64", "x86_64", "swc-arm64", "arm64"),
        ("lib-x64", "x86_64", "lib-arm64.so", "arm64"),
        ("x64-1", "x86_64", "arm64-2", "arm64"),
    ],
)
def test_names_of_different_packages(one: str, machine: str, other: str, own: str) -> None:
    assert without_machine(one, machine) != without_machine(other, own)


@pytest.mark.parametrize("name", ["charm", "libfoo.so", "arm64", "x86_64", "alarm-1", ""])
def test_names_that_do_not_say_the_machine(name: str) -> None:
    assert without_machine(name, "32-bit ARM") is None
    assert without_machine(name, "32-bit x86") is None
