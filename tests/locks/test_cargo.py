"""What Cargo's manifests name."""

from __future__ import annotations

import pytest

from optimizer.locks.cargo import channel, sources, target, workspace_of
from tests.locks.project import Texts


def test_paths_of_every_table_are_followed() -> None:
    files = {
        "fn/Cargo.toml": '[package]\nname = "fn"\n[dependencies]\na = { path = "../a" }\nb = "1"\n'
        "[target.'cfg(unix)'.build-dependencies]\nc = { path = 'c' }\n[patch.crates-io]\nd = { path = '../d' }\n",
        "a/Cargo.toml": '[package]\nname = "a"\nedition.workspace = true\n[dev-dependencies]\ne = { path = "../e" }\n',
        "Cargo.toml": '[workspace]\nmembers = ["a"]\n',
    }
    found = sources(Texts(files), "fn")
    assert sorted(item.path for item in found.local) == ["a", "d", "e", "fn/c"]
    assert (found.packages, found.inherited) == (("fn", "a"), ("Cargo.toml",))


def test_a_package_beside_the_source_takes_lints_and_dependencies_of_its_workspace() -> None:
    files = {
        "fn/Cargo.toml": '[dependencies]\na = { path = "../crates/a" }\n',
        "crates/a/Cargo.toml": "[target.'cfg(unix)'.dependencies]\nb.workspace = true\nc.workspace = true\n",
        "crates/b/Cargo.toml": "[lints]\nworkspace = true\n",
        "Cargo.toml": '[workspace.dependencies]\nb = { path = "crates/b" }\nc = "1"\nunused = { path = "unused" }\n',
    }
    found = sources(Texts(files), "fn")
    assert [(item.path, item.place) for item in found.local] == [("crates/a", "fn/Cargo.toml"), ("crates/b", "Cargo.toml")]
    assert (found.packages, found.inherited) == (("fn", "crates/a", "crates/b"), ("Cargo.toml",))


def test_members_of_a_workspace_and_their_binaries() -> None:
    files = {
        "Cargo.toml": '[workspace]\nmembers = ["api", "crates/*"]\n[workspace.package]\nrust-version = "1.80"\n',
        "Cargo.lock": "",
        "api/Cargo.toml": '[package]\nname = "api"\n',
        "api/src/main.rs": "",
    }
    found = sources(Texts(files), ".")
    assert found.members == (("api", ("api",)),)
    assert found.versions == (("Cargo.toml", "1.80"),)
    assert workspace_of(Texts(files), "api") == "."


def test_what_decides_about_the_compiler() -> None:
    assert channel(Texts({"a/rust-toolchain": "nightly\n"}), "a") == ("a/rust-toolchain", "nightly")
    assert channel(Texts({"rust-toolchain.toml": "[toolchain]\nchannel = '1.80'\n"}), ".") == ("rust-toolchain.toml", "1.80")
    assert target(Texts({".cargo/config.toml": "[build]\ntarget = 'x'\n"}), ".") == (".cargo/config.toml", "x")


@pytest.mark.parametrize(
    "text",
    ["dependencies = 1", "[dependencies]\na = { path = 1 }", "[workspace]\nmembers = 'a'", "bin = [1]", "[patch]\na = 1", "lints = 1"],
)
def test_wrong_shapes_are_left_to_cargo(text: str) -> None:
    assert sources(Texts({"Cargo.toml": text}), ".").local == ()


def test_what_is_no_toml_is_told_by_its_name() -> None:
    with pytest.raises(ValueError, match='"Cargo.toml" is not TOML'):
        sources(Texts({"Cargo.toml": "["}), ".")
