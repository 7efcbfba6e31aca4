"""Which login Docker's configuration gives: the rules of the Docker CLI, one by one."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.docker_config import DockerConfigCredentials
from optimizer.adapters.registry.login import Login
from optimizer.errors import RegistryError
from optimizer.model.reference import ImageReference
from tests.adapters.registry.helpers import DockerHome, answer
from tests.adapters.registry_server import RegistryServer

HUB = "https://index.docker.io/v1/"


def auth(text: str) -> dict[str, str]:
    return {"auth": base64.b64encode(text.encode()).decode()}


def login(host: str) -> Login | None:
    return DockerConfigCredentials().login(host)


class TestAuths:
    def test_are_found_by_host(self, docker: DockerHome) -> None:
        docker.write(auths={"127.0.0.1:5000": auth("me:a:b"), HUB: auth("hub:c"), "helper.example.com": {}})
        assert login("127.0.0.1:5000") == Login(username="me", password="a:b")
        assert login("docker.io") == login("index.docker.io") == Login(username="hub", password="c")
        assert login("helper.example.com") is None
        assert login("other.example.com") is None

    def test_are_found_by_the_urls_that_old_versions_wrote(self, docker: DockerHome) -> None:
        docker.write(auths={"https://a.example.com/v1/": auth("me:old"), "b.example.com:5000/v2/": auth("me:new")})
        assert login("a.example.com") == Login(username="me", password="old")
        assert login("b.example.com:5000") == Login(username="me", password="new")
        assert login("b.example.com") is None

    def test_prefer_the_host_itself_to_a_url_of_it(self, docker: DockerHome) -> None:
        docker.write(auths={"https://a.example.com/v1/": auth("me:old"), "a.example.com": auth("me:new")})
        assert login("a.example.com") == Login(username="me", password="new")

    def test_may_hold_plain_fields_and_padding(self, docker: DockerHome) -> None:
        docker.write(auths={"a.example.com": {"username": "me", "password": "plain"}, "b.example.com": auth("me:padded\0\0")})
        assert login("a.example.com") == Login(username="me", password="plain")
        assert login("b.example.com") == Login(username="me", password="padded")

    def test_hold_tokens_that_no_one_sees(self, docker: DockerHome) -> None:
        docker.write(auths={"a.example.com": {**auth("00000000-0000:"), "identitytoken": "one"}, "b.example.com": {"registrytoken": "two"}})
        assert login("a.example.com") == Login(username="00000000-0000", identity_token="one")
        assert login("b.example.com") == Login(registry_token="two")
        shown = f"{login('a.example.com')} {login('b.example.com')}"
        assert "one" not in shown and "two" not in shown

    def test_without_a_password_are_no_login(self, docker: DockerHome) -> None:
        docker.write(auths={"a.example.com": auth("me:")})
        assert login("a.example.com") is None

    def test_identity_tokens_are_exchanged(self, docker: DockerHome, server: RegistryServer) -> None:
        server.auth, server.identity_token = "bearer", "refresh"
        digest = server.index("a:1")
        docker.write(auths={server.host: {"identitytoken": "refresh"}})
        with HttpRegistry(DockerConfigCredentials()) as registry:
            assert registry.resolve(ImageReference.parse(f"{server.host}/a:1")).digest == digest

    def test_registry_tokens_are_sent_as_they_are(self, docker: DockerHome, server: RegistryServer) -> None:
        server.auth = "bearer"
        digest = server.index("a:1")
        docker.write(auths={server.host: {"registrytoken": "token-for-repository:a:pull"}})
        with HttpRegistry(DockerConfigCredentials()) as registry:
            assert registry.resolve(ImageReference.parse(f"{server.host}/a:1")).digest == digest
        assert not [path for path in server.requests if path.startswith("/token/")]


class TestHelpers:
    def test_of_the_registry_come_before_that_of_all_and_both_before_auths(self, docker: DockerHome) -> None:
        docker.helper("one", answer("one", "a"))
        docker.helper("all", answer("all", "b"))
        docker.write(
            credHelpers={"a.example.com": "one"},
            credsStore="all",
            auths={"a.example.com": auth("file:c"), "b.example.com": auth("file:c")},
        )
        assert login("a.example.com") == Login(username="one", password="a")
        assert login("b.example.com") == Login(username="all", password="b")
        assert docker.asked == ["one get a.example.com.", "all get b.example.com."]

    def test_without_a_login_leave_nothing_to_auths(self, docker: DockerHome) -> None:
        docker.helper("all", "credentials not found in native keychain", code=1)
        docker.write(credsStore="all", auths={"a.example.com": auth("file:c")})
        assert login("a.example.com") is None

    def test_may_be_switched_off_for_a_registry(self, docker: DockerHome) -> None:
        docker.write(credHelpers={"a.example.com": ""}, credsStore="missing", auths={"a.example.com": auth("file:c")})
        assert login("a.example.com") == Login(username="file", password="c")

    def test_know_docker_hub_by_its_old_address(self, docker: DockerHome) -> None:
        docker.helper("hub", answer("me", "a"))
        docker.write(credHelpers={HUB: "hub", "docker.io": "missing"})
        assert login("docker.io") == Login(username="me", password="a")
        assert docker.asked == [f"hub get {HUB}."]

    def test_give_way_to_a_registry_token(self, docker: DockerHome) -> None:
        docker.write(credsStore="missing", auths={"a.example.com": {"registrytoken": "two"}})
        assert login("a.example.com") == Login(registry_token="two")


class TestVariable:
    def test_comes_before_the_file(self, docker: DockerHome, monkeypatch: pytest.MonkeyPatch) -> None:
        docker.write(credsStore="missing")
        monkeypatch.setenv("DOCKER_AUTH_CONFIG", json.dumps({"auths": {"a.example.com": auth("me:a"), HUB: auth("hub:b")}}))
        assert login("a.example.com") == Login(username="me", password="a")
        assert login("docker.io") == Login(username="hub", password="b")
        with pytest.raises(RegistryError, match="there is no such program on PATH"):
            login("b.example.com")

    def test_may_be_empty(self, docker: DockerHome, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DOCKER_AUTH_CONFIG", "")
        assert login("a.example.com") is None

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("/tmp/config.json", "Expecting value: line 1 column 1 (char 0)"),
            ("[]", "it is not a JSON object"),
            ('{"auths": {"a.example.com": {"identitytoken": "x"}}}', '"a.example.com" has no "auth" with a user name and a password'),
            ('{"auths": {"a.example.com": {"auth": "bWU="}}}', '"a.example.com" has no "auth" with a user name and a password'),
        ],
    )
    def test_fails_where_it_cannot_be_read(self, docker: DockerHome, monkeypatch: pytest.MonkeyPatch, text: str, problem: str) -> None:
        monkeypatch.setenv("DOCKER_AUTH_CONFIG", text)
        with pytest.raises(RegistryError) as raised:
            login("a.example.com")
        assert str(raised.value) == (
            f'the logins in the environment variable "DOCKER_AUTH_CONFIG" cannot be read: {problem}\n'
            '  hint: set it to {"auths": {"HOST": {"auth": "…"}}} with the base64 of USER:PASSWORD, or unset it'
        )


class TestFile:
    def test_may_be_missing_empty_or_without_logins(self, docker: DockerHome) -> None:
        assert login("example.com") is None
        for text in ("", "\n", "{}", '{"auths": null, "credHelpers": null, "credsStore": null}'):
            docker.config.write_text(text)
            assert login("example.com") is None

    def test_is_the_users_own_by_default(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("DOCKER_CONFIG", raising=False)
        monkeypatch.setenv("HOME", str(tmp_path))
        (tmp_path / ".docker").mkdir()
        (tmp_path / ".docker" / "config.json").write_text(json.dumps({"auths": {"a.example.com": auth("me:home")}}))
        assert login("a.example.com") == Login(username="me", password="home")

    @pytest.mark.parametrize(
        "text",
        [
            "not json",
            "\N{LATIN SMALL LETTER E WITH ACUTE}",
            "[]",
            "[" * 100_000,
            '{"auths": 3}',
            '{"credsStore": ["x"]}',
            '{"credHelpers": {"example.com": 3}}',
            '{"auths": {"example.com": 3}}',
            '{"auths": {"example.com": {"auth": "%"}}}',
            '{"auths": {"example.com": {"auth": 3}}}',
            '{"auths": {"example.com": {"auth": "OnNlY3JldA=="}}}',
            '{"auths": {"example.com": {"registrytoken": "two\\nlines"}}}',
        ],
    )
    def test_fails_where_it_cannot_be_read(self, docker: DockerHome, text: str) -> None:
        docker.config.write_text(text, encoding="latin-1")
        with pytest.raises(RegistryError) as raised:
            login("example.com")
        assert str(raised.value).startswith(f'the logins in "{docker.config}" cannot be read: ')
        assert str(raised.value).endswith("\n  hint: fix the file, or log in again with `docker login example.com`")
