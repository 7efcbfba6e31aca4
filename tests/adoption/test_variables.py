"""Which variables of a Dockerfile are for installers alone, and that none goes unseen."""

from __future__ import annotations

import pytest

from optimizer.adoption.proposal import Outcome
from optimizer.adoption.variables import assigned_place, is_of_installer, says_where_packages_are
from tests.adoption.test_propose import of, outcome

FOR_INSTALLERS = "for installers, and none runs in the image"


@pytest.mark.parametrize(
    "name",
    [
        *("GOOGLE_CLOUD_PROJECT", "GOMAXPROCS", "GOMEMLIMIT", "GODEBUG", "GO_ENV"),
        *("UVICORN_PORT", "UV", "PIPELINE", "PIPE", "PIPX_APP", "PIP_TABLE", "POETRY_OF_THE_DAY", "YARN_LENGTH", "CARGO_BAY"),
        *("DEBIAN_MIRROR_TABLE", "NUGETS", "SCHEMA_REGISTRY_URL", "CONTAINER_REGISTRY", "SEARCH_INDEX_URL", "BUNDLE_PRICE"),
    ],
)
def test_a_name_that_only_begins_or_ends_like_one_of_an_installer_is_the_functions_own(name: str) -> None:
    """Issue 14: `ENV GOOGLE_CLOUD_PROJECT`, `UVICORN_PORT` dropped as "it concerns installers"."""
    assert not is_of_installer(name) and not says_where_packages_are(name)
    proposal = of(f"ENV {name}=x\nCOPY app.py .")
    assert (proposal.spec.environment, outcome(proposal, 2)) == (((name, "x"),), (Outcome.CARRIED, ""))


@pytest.mark.parametrize(
    "name",
    [
        *(
            "PIP_NO_CACHE_DIR",
            "PIPENV_VENV_IN_PROJECT",
            "POETRY_VIRTUALENVS_IN_PROJECT",
            "POETRY_HOME",
            "UV_LINK_MODE",
            "UV_COMPILE_BYTECODE",
        ),
        *("NPM_CONFIG_LOGLEVEL", "npm_config_cache", "YARN_CACHE_FOLDER", "PNPM_HOME", "DEBIAN_FRONTEND", "CARGO_HOME", "RUSTFLAGS"),
        *("GOOS", "GOARCH", "GOPATH", "GOFLAGS", "CGO_ENABLED", "NUGET_XMLDOC_MODE"),
    ],
)
def test_known_names_of_installers_are_left_out(name: str) -> None:
    proposal = of(f"ENV {name}=1\nCOPY app.py .")
    assert (proposal.spec.environment, outcome(proposal, 2)) == ((), (Outcome.NOT_NEEDED, FOR_INSTALLERS))


def test_each_variable_that_is_left_out_of_an_instruction_is_named() -> None:
    proposal = of("ENV PIP_NO_CACHE_DIR=1 LOG_LEVEL=info UV_LINK_MODE=copy\nCOPY app.py .")
    assert proposal.spec.environment == (("LOG_LEVEL", "info"),)
    assert outcome(proposal, 2) == (Outcome.CARRIED, f"PIP_NO_CACHE_DIR, UV_LINK_MODE: {FOR_INSTALLERS}")
    both = of("ENV PIP_NO_CACHE_DIR=1 UV_LINK_MODE=copy\nCOPY app.py .")
    assert outcome(both, 2) == (Outcome.NOT_NEEDED, f"PIP_NO_CACHE_DIR, UV_LINK_MODE: {FOR_INSTALLERS}")


@pytest.mark.parametrize(
    "name",
    ["PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX", "NPM_CONFIG_REGISTRY", "npm_config_registry", "YARN_NPM_REGISTRY_SERVER", "GOPROXY"],
)
def test_where_packages_come_from_is_not_carried(name: str) -> None:
    told = (Outcome.NOT_CARRIED, f"{name} says where packages come from")
    assert outcome(of(f"ENV {name}=https://packages.example.com/\nCOPY app.py ."), 2) == told
    assert assigned_place(f"export A=1 && {name}=https://packages.example.com/ make") == name


def test_a_path_beside_those_of_packages_is_not_dropped_with_them() -> None:
    body = "RUN python -m venv /opt/venv && /opt/venv/bin/pip install -r requirements.txt\n"
    proposal = of(f"COPY requirements.txt .\n{body}ENV PATH=/opt/venv/bin:/opt/tools/bin:$PATH")
    assert outcome(proposal, 4)[0] is Outcome.NOT_CARRIED
    for path in ("/opt/venv/bin:$PATH", '"/opt/venv/bin:${PATH}"', "/opt/venv/bin:/usr/local/bin:/usr/bin:/bin"):
        assert outcome(of(f"COPY requirements.txt .\n{body}ENV PATH={path}"), 4)[0] is Outcome.NOT_NEEDED
