"""Packages and their versions out of every kind of lock file."""

from __future__ import annotations

import pytest

from optimizer.locks.versions import locked_versions

TEXTS = {
    "requirements.txt": "--index-url https://pypi.org/simple\nSix==1.17.0 \\\n    --hash=sha256:00\nidna[all] == 3.10 ; python_version > '3'\n-r other.txt\n"
    "lib @ git+https://example.com/lib.git@0123\nunpinned\n",
    "uv.lock": '[[package]]\nname = "six"\nversion = "1.17.0"\n[[package]]\nname = "idna"\nversion = "3.10"\n'
    '[[package]]\nname = "lib"\nsource = { git = "https://example.com/lib.git#0123" }\n',
    "poetry.lock": '[[package]]\nname = "six"\nversion = "1.17.0"\n[[package]]\nname = "idna"\nversion = "3.10"\n',
    "pylock.toml": 'lock-version = "1.0"\n[[packages]]\nname = "six"\nversion = "1.17.0"\n[[packages]]\nname = "idna"\nversion = "3.10"\n',
    "pylock.prod.toml": '[[packages]]\nname = "six"\nversion = "1.17.0"\n[[packages]]\nname = "idna"\nversion = "3.10"\n',
    "Pipfile.lock": '{"default": {"six": {"version": "==1.17.0"}}, "develop": {"idna": {"version": "==3.10"}}}',
    "package-lock.json": '{"packages": {"": {}, "node_modules/six": {"version": "1.17.0"}, "node_modules/six/node_modules/idna": {"version": "3.10"},'
    ' "node_modules/own": {"link": true, "resolved": "own"}}}',
    "npm-shrinkwrap.json": '{"dependencies": {"six": {"version": "1.17.0", "dependencies": {"idna": {"version": "3.10"}}}}}',
    "pnpm-lock.yaml": "lockfileVersion: '9.0'\npackages:\n  six@1.17.0: {}\n  idna@3.10(react@19.0.0): {}\n",
    "yarn.lock": '# yarn lockfile v1\n\nsix@^1.0.0, six@^1.1.0:\n  version "1.17.0"\n  resolved "https://example.com"\n\n"idna@^3.0.0":\n  version "3.10"\n',
    "berry/yarn.lock": '__metadata:\n  version: 8\n\n"six@npm:^1.0.0":\n  version: 1.17.0\n  resolution: "six@npm:1.17.0"\n\n'
    '"idna@npm:^3":\n  version: 3.10\n  resolution: "idna@npm:3.10"\n\n"own@workspace:.":\n  version: 0\n  resolution: "own@workspace:."\n',
    "Cargo.lock": '[[package]]\nname = "six"\nversion = "1.17.0"\n\n[[package]]\nname = "idna"\nversion = "3.10"\n',
    "Gemfile.lock": "GEM\n  remote: https://rubygems.org/\n  specs:\n    six (1.17.0)\n      other (>= 1)\n    idna (3.10)\n\nPLATFORMS\n  ruby\n",
    "gradle.lockfile": "# comment\ncom.example:six:1.17.0=runtimeClasspath\ncom.example:idna:3.10=compileClasspath,runtimeClasspath\nempty=\n",
    "packages.lock.json": '{"version": 1, "dependencies": {"net8.0": {"six": {"resolved": "1.17.0"}, "idna": {"resolved": "3.10"}, "own": {"type": "Project"}}}}',
    "go.sum": "example.com/six v1.17.0 h1:x=\nexample.com/six v1.17.0/go.mod h1:y=\nexample.com/idna v3.10.0 h1:z=\nexample.com/idna v3.9.0/go.mod h1:z=\n",
}


@pytest.mark.parametrize("path", TEXTS)
def test_names_and_versions_are_found(path: str) -> None:
    found = locked_versions(path, TEXTS[path])
    assert found is not None
    short = {name.rpartition("/")[2].rpartition(":")[2]: versions for name, versions in found.items()}
    prefix = "v" if path == "go.sum" else ""
    assert short.pop("six") == (f"{prefix}1.17.0",)
    assert short.pop("idna") == ((f"{prefix}3.10.0" if path == "go.sum" else "3.10"),)
    assert set(short) <= {"lib"}, "and no other"


def test_two_versions_of_one_package_are_both_there() -> None:
    text = '{"packages": {"node_modules/a": {"version": "1.0.0"}, "node_modules/b/node_modules/a": {"version": "2.0.0"}}}'
    assert locked_versions("package-lock.json", text) == {"a": ("1.0.0", "2.0.0")}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("app.py", "six==1.17.0"),
        ("uv.lock", "not = = toml"),
        ("uv.lock", 'package = "six"'),
        ("poetry.lock", "[[package]]\nversion = 1\n"),
        ("package-lock.json", "{"),
        ("package-lock.json", '{"packages": {"node_modules/a": 1}}'),
        ("pnpm-lock.yaml", "- a\n"),
        ("Pipfile.lock", "[]"),
        ("packages.lock.json", "{}"),
    ],
)
def test_what_is_no_lock_or_damaged_has_no_packages(path: str, text: str) -> None:
    assert not locked_versions(path, text)
