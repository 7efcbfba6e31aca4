"""Who is asked for the login of a host: Docker's configuration, or AWS."""

from __future__ import annotations

import base64
import json

import pytest

from optimizer.adapters.registry.credentials import DefaultCredentials
from optimizer.adapters.registry.ecr import EcrCredentials
from optimizer.adapters.registry.login import Login
from optimizer.errors import RegistryError
from tests.adapters.registry.helpers import DockerHome, answer
from tests.adapters.registry.test_ecr import HOST, EcrClient

FROM_AWS = Login(username="AWS", password="se:cret")


def login(host: str) -> Login | None:
    return DefaultCredentials(ecr=EcrCredentials(EcrClient())).login(host)


def test_private_ecr_is_asked_through_aws_whatever_helper_there_is_for_all(docker: DockerHome) -> None:
    docker.write(credsStore="missing", auths={HOST: {"auth": base64.b64encode(b"AWS:stale").decode()}})
    assert login(HOST) == FROM_AWS


def test_a_helper_for_one_ecr_host_comes_first(docker: DockerHome) -> None:
    docker.helper("ecr-login", answer("AWS", "from the helper"))
    docker.write(credHelpers={HOST: "ecr-login"})
    assert login(HOST) == Login(username="AWS", password="from the helper")
    assert login(HOST.replace("1111", "2222")) == FROM_AWS
    assert docker.asked == [f"ecr-login get {HOST}."]


def test_aws_is_asked_where_the_helper_for_an_ecr_host_has_no_login(docker: DockerHome) -> None:
    """docker-credential-ecr-login says so of every failure."""
    docker.helper("ecr-login", "credentials not found in native keychain", code=1)
    docker.write(credHelpers={HOST: "ecr-login"})
    assert login(HOST) == FROM_AWS


def test_a_helper_for_one_ecr_host_that_fails_is_not_passed_over(docker: DockerHome) -> None:
    docker.write(credHelpers={HOST: "ecr-login"})
    with pytest.raises(RegistryError, match='"docker-credential-ecr-login".*there is no such program on PATH'):
        login(HOST)


def test_the_variable_may_hold_the_login_of_an_ecr_host(docker: DockerHome, monkeypatch: pytest.MonkeyPatch) -> None:
    auths = {HOST: {"auth": base64.b64encode(b"AWS:given").decode()}}
    monkeypatch.setenv("DOCKER_AUTH_CONFIG", json.dumps({"auths": auths}))
    assert login(HOST) == Login(username="AWS", password="given")


def test_every_other_host_is_docker_s(docker: DockerHome) -> None:
    docker.helper("all", answer("me", "a"))
    docker.write(credsStore="all")
    assert login("public.ecr.aws") == Login(username="me", password="a")
