"""What ``--verbose`` says of requests, programs and files, and what it never says."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.adapters import record
from optimizer.adapters.engine import Engine
from optimizer.adapters.record import recorded, run, shown_words, without_secrets
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.login import Login
from optimizer.errors import RegistryError
from optimizer.model.reference import ImageReference
from tests.adapters.registry_server import RegistryServer, serving

PASSWORD = "p4ss/w0rd of the registry"


class OneLogin:
    def login(self, host: str) -> Login:
        return Login(username="somebody", password=PASSWORD)


def asked(server: RegistryServer, reference: str) -> list[str]:
    said: list[str] = []
    with recorded(said.append), HttpRegistry(OneLogin()) as registry:
        registry.resolve(ImageReference.parse(reference))
    return [line.partition(" s  ")[2] for line in said]


@pytest.mark.parametrize("way", ["bearer", "basic"])
def test_requests_are_told_with_their_answers_and_without_logins(way: str) -> None:
    """Requirement: "requests to registry by method, path, status, bytes", "without secrets"."""
    with serving() as server:
        server.single("shop:1")
        server.auth, server.login = way, ("somebody", PASSWORD)
        lines = [line for line in asked(server, f"{server.host}/shop:1") if " http" in line]
        manifest = f"GET http://{server.host}/v2/shop/manifests/1: "
        assert lines[0].startswith(f"{manifest}401, ")
        assert any(line.startswith(f"{manifest}200, ") and " B received in 0." in line for line in lines)
        assert any(f" http://{server.host}/token" in line for line in lines) is (way == "bearer")
        assert "?" not in "".join(lines)
        for hidden in (PASSWORD, "token-for-", "Basic ", "Bearer ", "c29tZWJvZHk6"):
            assert hidden not in "\n".join(lines)
        assert {authorization for authorization in server.authorizations if authorization} != set()


def test_a_request_without_an_answer_says_why() -> None:
    said: list[str] = []
    with HttpRegistry(OneLogin(), sleep=lambda _: None) as registry, recorded(said.append), pytest.raises(RegistryError):
        registry.resolve(ImageReference.parse("127.0.0.1:1/shop:1"))
    assert "GET http://127.0.0.1:1/v2/shop/manifests/1: no answer: " in said[-1]


def test_programs_are_told_with_their_words_exit_code_and_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirement: "processes run with their argument lists and seconds"."""
    said: list[str] = []
    with recorded(said.append):
        run(["sh", "-c", "exit 3"], check=False)
        with pytest.raises(OSError):
            run(["no-such-program"], check=False)
        script = tmp_path / "docker"
        script.write_text("#!/bin/sh\nexit 0\n")
        script.chmod(0o755)
        monkeypatch.setenv("OPTIMIZER_DOCKER", str(script))
        Engine().build(["--build-arg", "NPM_TOKEN=abc def", "--tag", "shop:1"], tmp_path)
    programs = [line.partition(" s  ")[2] for line in said if " s  ran " in line]
    assert programs[0].startswith("ran sh -c 'exit 3': exit code 3 in 0.")
    assert programs[1].startswith("ran no-such-program: did not end well in 0.")
    assert programs[2].startswith(f"ran {script} build --build-arg 'NPM_TOKEN=***' --tag shop:1 .: exit code 0 in ")


def test_files_are_told_once_with_those_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirement: "files read"."""
    monkeypatch.chdir(tmp_path)
    Path("there").write_text("x")
    said: list[str] = []
    with recorded(said.append):
        for _ in range(2):
            Path("there").read_text()
        with pytest.raises(OSError):
            Path("gone").read_text()
        Path("new").write_text("x")
        os.close(os.open("there", os.O_RDONLY))
        list(tmp_path.iterdir())
        subprocess.run([sys.executable, "-c", ""], check=True)
    Path("there").read_bytes()
    assert [line.partition(" s  ")[2] for line in said] == ["read there", "read gone: there is none", "write new"]


def test_many_files_are_counted(tmp_path: Path) -> None:
    said: list[str] = []
    for number in range(record._MOST_FILES + 30):
        (tmp_path / str(number)).touch()
    with recorded(said.append):
        for number in range(record._MOST_FILES + 30):
            (tmp_path / str(number)).read_bytes()
    assert len(said) == record._MOST_FILES + 1
    assert said[-1].endswith("read 30 more files")


def test_threads_tell_whole_lines() -> None:
    said: list[str] = []
    with recorded(said.append):
        threads = [threading.Thread(target=lambda: [record.tell("x" * 50) for _ in range(50)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(said) == 200 and {line[-50:] for line in said} == {"x" * 50}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:pw@pypi.example/simple", "https://***@pypi.example/simple"),
        ("get https://token@a.example/x and http://u:p@b.example", "get https://***@a.example/x and http://***@b.example"),
        ("GITHUB_TOKEN=abc,x=1", "GITHUB_TOKEN=***,x=1"),
        ("--password=hunter2 --tag a", "--password=*** --tag a"),
        ("aws_secret_access_key=wJalr/x", "aws_secret_access_key=***"),
        ("Authorization: Bearer abc.def.ghi", "Authorization: Bearer ***"),
        ("--secret id=npm,src=/run/npm", "--secret id=npm,src=/run/npm"),
        ("read tokens.json", "read tokens.json"),
        ("'TOKEN=a' TOKEN='b c' token=\"d e\"", "'TOKEN=***' TOKEN=*** token=***"),
    ],
)
def test_secrets_are_hidden_by_where_they_stand(text: str, shown: str) -> None:
    """Requirement: "tokens, credentials in URLs redacted"."""
    assert without_secrets(text) == shown


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["docker", "login", "-u", "AWS", "-p", "abc", "a.example"], "docker login -u AWS -p *** a.example"),
        (["tool", "--token", "abc", "--tag", "1"], "tool --token *** --tag 1"),
        (["docker", "run", "-p", "80:80"], "docker run -p 80:80"),
        (["docker", "build", "--secret", "id=npm,env=NPM_TOKEN"], "docker build --secret id=npm,env=NPM_TOKEN"),
        (["docker", "run", "--env", "API_KEY=a b,c\nd"], "docker run --env 'API_KEY=***'"),
        (["python", "-c", "x" * 300], f"python -c {'x' * 200}… (300 characters)"),
    ],
)
def test_words_of_commands_are_shown_without_secrets(words: list[str], shown: str) -> None:
    assert shown_words(words) == shown


SECRET = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=40)


@given(SECRET, st.sampled_from(["NPM_TOKEN", "AWS_SECRET_ACCESS_KEY", "my_password", "PIP_API_KEY"]))
def test_no_value_of_a_variable_that_is_named_as_a_secret_is_ever_told(secret: str, name: str) -> None:
    """Requirement: "without secrets (tokens, credentials in URLs redacted)"."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(name, secret)
        said: list[str] = []
        with recorded(said.append):
            record.tell(f"ran tool {secret} x{secret}y")
    assert said[0].endswith("ran tool *** x***y")


@given(SECRET)
def test_no_login_of_an_address_is_ever_told(secret: str) -> None:
    quoted = quote(secret, safe="")
    assert quoted not in without_secrets(f"fetch https://user:{quoted}@a.example/simple/").replace("https://***@a.example/simple/", "")


def test_calls_of_aws_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3
    from moto import mock_aws

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing-testing")
    said: list[str] = []
    with mock_aws(), recorded(said.append):
        session = boto3.Session(region_name="eu-central-1")
        record.tell_calls(session.events)
        session.client("ecr").describe_repositories()
    (call,) = [line.partition(" s  ")[2] for line in said if " s  AWS " in line]
    assert call.startswith("AWS ecr DescribeRepositories eu-central-1: 200")
