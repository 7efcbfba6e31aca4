"""Credential helpers and configuration files of Docker, written for a test."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest


class DockerHome:
    """A ``DOCKER_CONFIG`` and a directory on PATH, both of the test alone."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.programs = folder / "programs"
        self.programs.mkdir()
        self.config = folder / "docker" / "config.json"
        self.config.parent.mkdir()
        self._asked = folder / "asked"
        monkeypatch.setenv("DOCKER_CONFIG", str(self.config.parent))
        monkeypatch.setenv("PATH", f"{self.programs}:/usr/bin:/bin")
        monkeypatch.delenv("DOCKER_AUTH_CONFIG", raising=False)

    def write(self, **settings: object) -> None:
        self.config.write_text(json.dumps(settings))

    def helper(self, name: str, answer: str, *, code: int = 0, error: str = "", script: str = "") -> Path:
        """A program that notes its arguments and its input, and answers."""
        path = self.programs / f"docker-credential-{name}"
        lines = [
            "#!/bin/sh",
            f'{{ printf "%s %s " {shlex.quote(name)} "$*"; cat; echo "."; }} >> {shlex.quote(str(self._asked))}',
            script,
            f"printf %s {shlex.quote(answer)}",
            f"printf %s {shlex.quote(error)} >&2",
            f"exit {code}",
        ]
        path.write_text("\n".join(lines) + "\n")
        path.chmod(0o755)
        return path

    @property
    def asked(self) -> list[str]:
        """One ``NAME ARGUMENTS INPUT.`` for each time that a helper was run."""
        return self._asked.read_text().splitlines() if self._asked.exists() else []


def answer(username: str, secret: str) -> str:
    """What a helper writes about a login."""
    return json.dumps({"ServerURL": "ignored", "Username": username, "Secret": secret})
