"""Pulls from registries behind credential helpers, and what is said when a helper fails."""

from __future__ import annotations

import os

import pytest

from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.credentials import DefaultCredentials
from optimizer.errors import RegistryError
from optimizer.model.reference import ImageReference
from tests.adapters.registry.helpers import DockerHome, answer
from tests.adapters.registry_server import RegistryServer, serving

NOT_FOUND = "credentials not found in native keychain\n"
SECRET = "s3cret-that-nobody-sees"


def pull(server: RegistryServer, name: str = "lambda/python:3.13") -> None:
    """Resolve an image and read a blob of it, which must be the server's."""
    (config,) = server.blobs
    reference = ImageReference.parse(f"{server.host}/{name}")
    with HttpRegistry(DefaultCredentials(), sleep=lambda _: None) as registry:
        assert registry.resolve(reference).digest == server.digest_of(name)
        assert registry.fetch_blob(reference, config) == server.blobs[config]


def refusal(server: RegistryServer) -> str:
    """The error of a pull, with the port taken out."""
    with pytest.raises(RegistryError) as raised:
        pull(server)
    return str(raised.value).replace(server.host, "HOST")


@pytest.fixture
def private(server: RegistryServer) -> RegistryServer:
    """A registry with one image, for one user alone."""
    server.auth, server.login = "basic", ("me", "se:cret")
    server.single("lambda/python:3.13")
    return server


class TestPulls:
    @pytest.mark.parametrize("auth", ["basic", "bearer"])
    @pytest.mark.parametrize("setting", ["credHelpers", "credsStore"])
    def test_work_with_the_login_of_a_helper(self, docker: DockerHome, private: RegistryServer, auth: str, setting: str) -> None:
        private.auth = auth
        docker.helper("keychain", answer("me", "se:cret"))
        docker.write(**{setting: {private.host: "keychain"} if setting == "credHelpers" else "keychain"})
        pull(private)
        assert docker.asked == [f"keychain get {private.host}."]

    @pytest.mark.parametrize("setting", ["credHelpers", "credsStore"])
    def test_work_with_the_identity_token_of_a_helper(self, docker: DockerHome, private: RegistryServer, setting: str) -> None:
        private.auth, private.identity_token = "bearer", "re/fresh+token"
        docker.helper("keychain", answer("<token>", "re/fresh+token"))
        docker.write(**{setting: {private.host: "keychain"} if setting == "credHelpers" else "keychain"})
        pull(private)
        assert private.forms == [
            {
                "grant_type": ["refresh_token"],
                "refresh_token": ["re/fresh+token"],
                "service": ["test service"],
                "scope": ["repository:lambda/python:pull"],
                "client_id": ["lambda-image-optimizer"],
            }
        ]

    @pytest.mark.parametrize(
        ("output", "code"),
        [
            (NOT_FOUND, 1),
            # docker-credential-pass 0.6 without a store.
            (answer("", ""), 0),
            (answer("", "secret without a user"), 0),
        ],
    )
    def test_are_anonymous_where_a_helper_has_no_login(self, docker: DockerHome, server: RegistryServer, output: str, code: int) -> None:
        server.auth = "bearer"
        server.single("lambda/python:3.13")
        docker.helper("keychain", output, code=code)
        docker.write(credsStore="keychain")
        pull(server)

    def test_read_the_fields_of_an_answer_as_docker_does(self, docker: DockerHome, private: RegistryServer) -> None:
        docker.helper("keychain", ' {"username": "me", "SECRET": "se:cret", "Expires": null}\n')
        docker.write(credsStore="keychain")
        pull(private)

    def test_ask_a_helper_once_for_all_images_of_a_registry(self, docker: DockerHome, private: RegistryServer) -> None:
        private.auth = "bearer"
        private.index("other:1")
        docker.helper("keychain", answer("me", "se:cret"))
        docker.write(credsStore="keychain")
        with HttpRegistry(DefaultCredentials()) as registry:
            for name in ("lambda/python:3.13", "other:1"):
                registry.resolve(ImageReference.parse(f"{private.host}/{name}"))
        assert len(docker.asked) == 1

    def test_ask_a_helper_that_fails_once_too(self, docker: DockerHome, private: RegistryServer) -> None:
        docker.helper("keychain", "locked", code=1)
        docker.write(credsStore="keychain")
        with HttpRegistry(DefaultCredentials()) as registry:
            for _ in range(2):
                with pytest.raises(RegistryError, match="locked"):
                    registry.resolve(ImageReference.parse(f"{private.host}/lambda/python:3.13"))
        assert len(docker.asked) == 1

    def test_ask_no_helper_where_the_registry_wants_no_login(self, docker: DockerHome, server: RegistryServer) -> None:
        server.single("lambda/python:3.13")
        docker.write(credsStore="missing")
        pull(server)


class TestFails:
    """Each kind of failure has its own message, which names the helper, the setting, the file and the registry."""

    def expected(self, docker: DockerHome, problem: str, hint: str, setting: str = "credsStore") -> str:
        return (
            f'credential helper "docker-credential-keychain", which "{setting}" in "{docker.config}" names, '
            f'gives no login for "HOST": {problem}\n  hint: {hint}'
        )

    @pytest.mark.parametrize("setting", ["credHelpers", "credsStore"])
    def test_without_the_program(self, docker: DockerHome, private: RegistryServer, setting: str) -> None:
        docker.write(**{setting: {private.host: "keychain"} if setting == "credHelpers" else "keychain"})
        hint = f'install it, or remove it from "{setting}" and log in again with `docker login HOST`'
        assert refusal(private) == self.expected(docker, "there is no such program on PATH", hint, setting)

    def test_for_a_program_that_cannot_be_run(self, docker: DockerHome, private: RegistryServer) -> None:
        docker.helper("keychain", "").write_bytes(b"\0 not a program")
        docker.write(credsStore="keychain")
        hint = 'install it again, or remove it from "credsStore" and log in again with `docker login HOST`'
        assert refusal(private) == self.expected(docker, "it cannot be run: Exec format error", hint)

    def test_for_a_program_that_ends_with_an_error(self, docker: DockerHome, private: RegistryServer) -> None:
        docker.helper("keychain", "the keychain is\nlocked\n", code=1, error="ignored")
        docker.write(credsStore="keychain")
        hint = "fix what it reports, or log in again with `docker login HOST`"
        assert refusal(private) == self.expected(docker, "it ended with exit code 1: the keychain is locked", hint)

    @pytest.mark.parametrize(
        ("output", "error", "shown"),
        [
            ("", "no active account\n", ": no active account"),
            ("", "", ""),
            (answer("me", SECRET), "", ""),
            ("", f"debug: {answer('me', SECRET)}", ""),
        ],
    )
    def test_with_what_the_program_wrote_unless_it_is_an_answer(
        self, docker: DockerHome, private: RegistryServer, output: str, error: str, shown: str
    ) -> None:
        docker.helper("keychain", output, code=3, error=error)
        docker.write(credsStore="keychain")
        message = refusal(private)
        assert f'gives no login for "HOST": it ended with exit code 3{shown}\n' in message
        assert SECRET not in message

    @pytest.mark.parametrize(
        "output",
        [
            "",
            SECRET,
            f'["{SECRET}"]',
            f'{{"Secret": "{SECRET}"}}',
            '{"Username": "me"}',
            f'{{"Username": 1, "Secret": "{SECRET}"}}',
            "[" * 100_000,
        ],
    )
    def test_for_an_answer_that_is_none(self, docker: DockerHome, private: RegistryServer, output: str) -> None:
        docker.helper("keychain", output)
        docker.write(credsStore="keychain")
        hint = 'update it, or remove it from "credsStore" and log in again with `docker login HOST`'
        assert refusal(private) == self.expected(docker, 'its answer is not a JSON object with "Username" and "Secret"', hint)

    def test_without_an_answer_in_time(self, docker: DockerHome, private: RegistryServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("optimizer.adapters.registry.credential_helper._TIMEOUT_S", 0.3)
        docker.helper("keychain", answer("me", SECRET), script="exec sleep 30")
        docker.write(credsStore="keychain")
        hint = "unlock the keychain that it reads, and run the command again"
        assert refusal(private) == self.expected(docker, "no answer within 0 seconds", hint)

    @pytest.mark.parametrize("name", ["../keychain", "/keychain", "a\\keychain", "key\nchain"])
    def test_for_a_name_that_is_none(self, docker: DockerHome, private: RegistryServer, name: str) -> None:
        docker.helper("keychain", answer("me", "se:cret"))
        docker.write(credsStore=name)
        shown = name.replace("\n", " ")
        assert refusal(private) == (
            f'"credsStore" in "{docker.config}" names the credential helper "{shown}"; '
            "allowed: NAME of a program docker-credential-NAME on PATH, without a directory\n"
            '  hint: name a helper that is installed, or remove it from "credsStore" and log in again with `docker login HOST`'
        )
        assert docker.asked == []

    def test_for_a_program_in_the_current_directory(
        self, docker: DockerHome, private: RegistryServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A checked-out project is not to be run."""
        docker.helper("keychain", answer("me", "se:cret"))
        docker.write(credsStore="keychain")
        monkeypatch.chdir(docker.programs)
        monkeypatch.setenv("PATH", os.pathsep.join((".", "/usr/bin", "/bin")))
        assert "there is no such program on PATH" in refusal(private)
        assert docker.asked == []

    def test_when_the_registry_refuses_the_identity_token(self, docker: DockerHome, private: RegistryServer) -> None:
        private.auth, private.identity_token = "bearer", "another"
        docker.helper("keychain", answer("<token>", SECRET))
        docker.write(credsStore="keychain")
        assert refusal(private) == (
            'registry "HOST" does not accept the identity token of its login (400)\n  hint: log in again with `docker login HOST`'
        )

    def test_rather_than_send_an_identity_token_where_it_is_redirected(self, docker: DockerHome, private: RegistryServer) -> None:
        docker.helper("keychain", answer("<token>", SECRET))
        docker.write(credsStore="keychain")
        with serving() as other:
            private.failures = [
                (401, {"WWW-Authenticate": f'Bearer realm="http://{private.host}/token/",service="x"'}),
                (307, {"Location": f"http://{other.host}/token/"}),
            ]
            assert refusal(private).startswith('registry "HOST" answered 307 for a token for "HOST/lambda/python:3.13"\n')
            assert len(private.forms) == 1
            assert other.requests == []
