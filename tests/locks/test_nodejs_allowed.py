"""The install scripts that npm 12 leaves out, as seen in runs of npm 12.2.2 (findings/npm-approves-no-version-without-a-url.sh)."""

from __future__ import annotations

import pytest

from optimizer.locks.nodejs_allowed import undecided

URL = "https://npm.example.com/core-js/-/core-js-3.40.0.tgz"
NAMED = [
    ({}, False, False),
    ({"core-js": True}, True, True),
    ({"core-js": False}, True, True),
    ({"core-js@*": True}, True, True),
    ({"core-js@3.40.0": True}, True, False),
    ({"core-js@3.40.0": False}, True, True),
    ({"core-js@3.41.0": True}, False, False),
    ({"core-js@3.40.0 || 3.41.0": True}, True, False),
    ({"core-js@^3.40.0": True}, False, False),
    ({"core-js@^3.40.0": False}, False, False),
    ({"core-js@latest": True}, False, False),
    ({"core-js": True, "core-js@3.40.0": False}, True, True),
    ({"core": True, "core-js-pure": True}, False, False),
]
"""What package.json has, and whether it decides for a package whose URL the lock has, and for one whose URL it lacks."""


@pytest.mark.parametrize(("allowed", "with_url", "without"), NAMED)
def test_what_package_json_decides(allowed: dict[str, bool], with_url: bool, without: bool) -> None:
    for url, decided in ((URL, with_url), ("", without), ("https://npm.example.com/download/core-js/3.40.0/5f0e", without)):
        assert undecided([("core-js", "3.40.0", url)], allowed, "") == (() if decided else ("core-js@3.40.0",)), url


@pytest.mark.parametrize(
    ("npmrc", "decided"),
    [
        ("allow-scripts=core-js\n", True),
        ("allow-scripts = other, core-js", True),
        ("allow-scripts[]=other\nallow-scripts[]=core-js\n", True),
        ("allow-scripts=other\n", False),
        ("# allow-scripts=core-js\n", False),
        ("dangerously-allow-all-scripts=true\n", True),
        ("dangerously-allow-all-scripts=false\n", False),
        ("ignore-scripts=true\n", True),
    ],
)
def test_what_npmrc_decides(npmrc: str, decided: bool) -> None:
    release = [("core-js", "3.40.0", URL)]
    assert undecided(release, {}, npmrc) == (() if decided else ("core-js@3.40.0",))
    if npmrc.startswith("allow-scripts"):
        assert undecided(release, {"more": True}, npmrc) == ("core-js@3.40.0",), "npm asks the file only where package.json has nothing"


def test_names_with_a_scope_and_the_order() -> None:
    url = "https://npm.example.com/@acme/core/-/core-1.0.0.tgz"
    releases = [("two", "1.0.0", ""), ("@acme/core", "1.0.0", url), ("two", "1.0.0", "")]
    assert undecided(releases, {"@acme/core@1.0.0": True}, "") == ("two@1.0.0",)
    assert undecided(releases, {"acme": True}, "") == ("@acme/core@1.0.0", "two@1.0.0")
