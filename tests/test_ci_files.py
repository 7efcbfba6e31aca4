"""The workflow files of ``docs/ci/``: valid, pinned, and with commands and options that exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import tomlkit
import yaml

from optimizer.cli.main import optimizer
from optimizer.model.cache import BuildCache

ROOT = Path(__file__).parents[1]
FILES = {path.stem: path for path in sorted((ROOT / "docs" / "ci").glob("*.yml"))}
RUNNERS = ("github-actions", "gitlab-ci", "codebuild")
WITHOUT_DOCKER = tuple(f"{name}-without-docker" for name in RUNNERS)
PRESETS = {"github-actions": "github-actions", "gitlab-ci": "registry", "codebuild": "registry"}


def load(name: str) -> Any:
    return yaml.safe_load(FILES[name].read_text(encoding="utf-8"))


def values(document: Any, *keys: str) -> Iterator[Any]:
    """What stands under one of the keys, wherever it is."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key in keys:
                yield value
            yield from values(value, *keys)
    elif isinstance(document, list):
        for item in document:
            yield from values(item, *keys)


def commands(name: str) -> list[list[str]]:
    """The words of every command line, variables as they are."""
    lines: list[str] = []
    for value in values(load(name), "run", "script", "before_script", "commands"):
        if isinstance(value, list):
            lines += value
        elif "core.exportVariable" not in value:
            lines += value.splitlines()
    return [words for line in lines for words in _split(shlex.split(line), "&&")]


def _split(words: list[str], separator: str) -> Iterator[list[str]]:
    while separator in words:
        index = words.index(separator)
        yield words[:index]
        words = words[index + 1 :]
    yield words


def test_there_is_a_file_for_each_runner() -> None:
    assert set(FILES) == {*RUNNERS, *WITHOUT_DOCKER}
    assert set(PRESETS) == set(RUNNERS)


@pytest.mark.parametrize("name", FILES)
def test_every_command_of_ours_and_its_options_exist(name: str) -> None:
    ours = [words for words in commands(name) if words[0] == "optimizer"]
    assert ["pin", "--check"] in [words[1:3] for words in ours]
    for words in ours:
        command = optimizer.get_command(click.Context(optimizer), words[1])
        assert command is not None, words
        # Parses the words as a call does, without making it.
        command.make_context(words[1], words[2:])


@pytest.mark.parametrize("name", PRESETS)
def test_deploys_with_the_cache_of_its_runner(name: str) -> None:
    (deploy,) = (words for words in commands(name) if words[:2] == ["cdk", "deploy"])
    setting = deploy[deploy.index("--context") + 1].removeprefix("optimizer:cache=")
    (repository,) = set(values(load(name), "CACHE_REPOSITORY")) or {""}
    filled = re.sub(r"\$[A-Z_]+", "main", setting.replace("$CACHE_REPOSITORY", repository))
    assert BuildCache.parse(filled).preset == PRESETS[name]


@pytest.mark.parametrize("name", PRESETS)
def test_pins_what_it_runs_and_asks_for_no_attestation(name: str) -> None:
    document = load(name)
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@v\d+\.\d+\.\d+", use) for use in values(document, "uses"))
    (builder,) = values(document, "BUILDKIT_IMAGE")
    assert re.fullmatch(r"moby/buildkit:v\d+\.\d+\.\d+@sha256:[0-9a-f]{64}", builder)
    assert list(values(document, "BUILDX_NO_DEFAULT_ATTESTATIONS")) == ["1"]
    # `docker build`, which CDK runs, takes no other builder than this variable names.
    assert list(values(document, "BUILDX_BUILDER"))


@pytest.mark.parametrize("name", WITHOUT_DOCKER)
def test_without_docker_nothing_asks_for_one(name: str) -> None:
    """Requirement: "`docs/ci/` gets a variant without Docker for each CI"; that the program deploys is tested in tests/engine."""
    document = load(name)
    assert list(values(document, "CDK_DOCKER")) == ["optimizer-docker"]
    programs = tomlkit.parse((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]  # type: ignore[index]
    assert "optimizer-docker" in programs  # type: ignore[operator]
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@v\d+\.\d+\.\d+", use) for use in values(document, "uses"))
    words = {word for line in commands(name) for word in line}
    assert not {word for word in words if word.startswith(("docker", "buildx"))}
    assert not [key for key in ("services", "privileged", "BUILDX_BUILDER", "DOCKER_HOST") if list(values(document, key))]
    # A build cache is of no use: nothing is built.
    assert [line for line in commands(name) if line[:2] == ["cdk", "deploy"]] == [["cdk", "deploy", "--all", "--require-approval", "never"]]


@pytest.mark.parametrize("name", FILES)
def test_uses_the_cdk_cli_of_this_project(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (cli,) = re.findall(r"^CDK_CLI := (.+)$", makefile, re.MULTILINE)
    installed = {words[-1] for words in commands(name) if words[:2] == ["npm", "install"]}
    assert installed == {cli}


def test_stored_keys_are_nowhere() -> None:
    for path in FILES.values():
        assert "AWS_SECRET_ACCESS_KEY" not in path.read_text(encoding="utf-8")
    for more in ("", "-without-docker"):
        assert load(f"github-actions{more}")["permissions"]["id-token"] == "write"
        assert load(f"gitlab-ci{more}")["deploy"]["id_tokens"]
