"""What an installer would do otherwise on another machine, and ranges against a version and a major version."""

from __future__ import annotations

import json
from typing import Any

import pytest

from optimizer.locks.nodejs_engines import NodeMachine, npm_differences, pnpm_differences
from optimizer.locks.ranges import may_hold, same_answer

HERE = NodeMachine(node="24.1.0", npm="11.6.0", cpu="x64", os="linux")


def npm_lock(**entry: Any) -> str:
    return json.dumps({"lockfileVersion": 3, "packages": {"": {"name": "shop", "os": ["win32"]}, "node_modules/@x/thing": entry}})


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"optional": True, "engines": {"node": ">=18"}}, []),
        ({"optional": True, "engines": {"node": "^18.17.0 || ^20.3.0 || >=21.0.0"}}, []),
        ({"optional": True, "engines": {"node": "^16"}}, []),
        ({"engines": {"node": "<24"}}, []),
        ({"dev": True, "engines": {"node": "<24"}, "os": ["darwin"]}, []),
        (
            {"optional": True, "engines": {"node": "<24"}},
            ['the optional package "@x/thing" is for Node.js <24, and this machine has 24.1.0'],
        ),
        (
            {"devOptional": True, "engines": {"node": ">=22.10"}},
            ['the optional package "@x/thing" is for Node.js >=22.10, and this machine has 24.1.0'],
        ),
        (
            {"optional": True, "engines": {"node": "lts/*"}},
            ['the optional package "@x/thing" is for Node.js lts/*, and this machine has 24.1.0'],
        ),
        ({"optional": True, "engines": {"npm": ">=8"}}, []),
        ({"optional": True, "engines": {"npm": ">=11"}}, ['the optional package "@x/thing" is for npm >=11']),
        ({"optional": True, "engines": ["node"]}, []),
        ({"optional": True, "os": ["darwin"]}, []),
        ({"os": ["linux"], "cpu": ["x64", "arm64"]}, []),
        ({"os": ["!win32"], "cpu": "any"}, []),
        ({"os": ["darwin"]}, ['npm installs "@x/thing" on its own platform only']),
        ({"cpu": ["!x64"]}, ['npm installs "@x/thing" on its own platform only']),
    ],
)
def test_npm(entry: dict[str, Any], expected: list[str]) -> None:
    assert list(npm_differences(npm_lock(**entry), HERE, 22)) == expected


@pytest.mark.parametrize("lock", ['{"lockfileVersion": 1, "dependencies": {}}', "damaged", "[]"])
def test_a_lock_that_does_not_tell(lock: str) -> None:
    assert list(npm_differences(lock, HERE, 22)) == ["its lock file has the first format, which does not record what packages need"]


def test_pnpm() -> None:
    lock = """lockfileVersion: '9.0'
packages:
  '@x/thing@1.0.0':
    engines: {node: <24}
  'needed@1.0.0':
    engines: {node: <24}
  'fine@1.0.0':
    engines: {node: '>=12'}
snapshots:
  '@x/thing@1.0.0(peer@2.0.0)':
    optional: true
  'needed@1.0.0': {}
  'fine@1.0.0':
    optional: true
"""
    expected = ['the optional package "@x/thing@1.0.0" is for Node.js <24, and this machine has 24.1.0']
    assert list(pnpm_differences(lock, HERE, 22)) == expected


@pytest.mark.parametrize(
    ("text", "version", "oldest", "expected"),
    [
        (">=18", "24.1.0", "22.3.0", True),
        ("<18", "24.1.0", "22.3.0", True),
        ("18 - 23", "24.1.0", "22.3.0", False),
        ("18 - 24", "24.1.0", "22.3.0", True),
        ("^22.3", "22.20.0", "22.3.0", True),
        ("^22.4", "22.20.0", "22.3.0", False),
        ("~22.1.0", "22.20.0", "22.3.0", True),
        ("~22.9.0", "22.20.0", "22.3.0", False),
        ("^22 || ^24", "24.1.0", "22.3.0", True),
        (">=22 <22", "24.1.0", "22.3.0", True),
        ("*", "24.1.0", "22.3.0", True),
        ("", "24.1.0", "22.3.0", True),
        ("node", "24.1.0", "22.3.0", False),
        (">=18", "v24", "22.3.0", False),
    ],
)
def test_one_version_answers_for_a_major_version(text: str, version: str, oldest: str, expected: bool) -> None:
    assert same_answer(text, version, oldest) is expected


@pytest.mark.parametrize(
    ("text", "major", "expected"),
    [(">=18 <22", 22, False), ("^22.9", 22, True), ("node", 22, True), ("20 || 22", 22, True), ("20", 22, False)],
)
def test_a_major_version_may_be_in_a_range(text: str, major: int, expected: bool) -> None:
    assert may_hold(text, major) is expected
