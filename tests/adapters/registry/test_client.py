from __future__ import annotations

import base64
import contextlib
import datetime
import http.server
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from optimizer.adapters.registry.challenges import parse_challenges
from optimizer.adapters.registry.client import HttpRegistry, ResolvedImage
from optimizer.adapters.registry.login import Login
from optimizer.errors import RegistryError
from optimizer.model.reference import ImageReference
from tests.adapters.registry_server import DOCKER_LIST, DOCKER_MANIFEST, INDEX, MANIFEST, RegistryServer, self_signed, serving, sha256

NOW = datetime.datetime(2026, 11, 24, 12, 0, 0, tzinfo=datetime.timezone.utc)
AMD64, ARM64 = sha256(b"a"), sha256(b"b")
OTHER = "sha256:" + "0" * 64
ASK_OWNER = "\n  hint: try again; if it fails again, ask the team that runs the registry or the mirror"


class Logins:
    def __init__(self, username: str, password: str) -> None:
        self.value = Login(username=username, password=password)

    def login(self, host: str) -> Login:
        return self.value


class Client:
    """An HttpRegistry that sleeps on paper."""

    def __init__(self, server: RegistryServer, credentials: Logins | None = None) -> None:
        self.server = server
        self.slept: list[float] = []
        self.registry = HttpRegistry(credentials, sleep=self.slept.append, now=lambda: NOW)

    def reference(self, name: str = "lambda/python:3.13") -> ImageReference:
        return ImageReference.parse(f"{self.server.host}/{name}")

    def resolve(self, name: str = "lambda/python:3.13") -> ResolvedImage:
        with self.registry:
            return self.registry.resolve(self.reference(name))

    def refusal(self, name: str = "lambda/python:3.13") -> str:
        """The error's text, with the port taken out."""
        with pytest.raises(RegistryError) as raised:
            self.resolve(name)
        return str(raised.value).replace(self.server.host, "HOST")


@pytest.mark.parametrize("media_type", [INDEX, DOCKER_LIST])
def test_an_index_gives_its_digest_and_one_per_architecture(server: RegistryServer, media_type: str) -> None:
    digest = server.index("lambda/python:3.13", media_type=media_type)
    assert Client(server).resolve() == ResolvedImage(digest=digest, kind="index", platforms={"amd64": AMD64, "arm64": ARM64})


def test_an_index_may_hold_attestations_variants_and_foreign_systems(server: RegistryServer) -> None:
    def entry(seed: bytes, **platform: str) -> dict:
        return {"digest": sha256(seed), "platform": platform}

    extra = [
        entry(b"attestation", os="unknown", architecture="unknown"),
        entry(b"windows", os="windows", architecture="amd64"),
        entry(b"v7", os="linux", architecture="arm", variant="v7"),
        entry(b"v9", os="linux", architecture="arm64", variant="v9"),
        entry(b"v8", os="linux", architecture="arm64", variant="v8"),
        entry(b"v3", os="linux", architecture="amd64", variant="v3"),
        {"digest": sha256(b"no platform")},
    ]
    server.index("lambda/python:3.13", {"amd64": b"a"}, extra=extra)
    assert Client(server).resolve().platforms == {"amd64": AMD64, "arm64": sha256(b"v8")}


@pytest.mark.parametrize("media_type", [MANIFEST, DOCKER_MANIFEST])
@pytest.mark.parametrize("redirect", [False, True])
def test_a_single_manifest_is_read_for_its_architecture(server: RegistryServer, media_type: str, redirect: bool) -> None:
    server.redirect_blobs = redirect
    digest = server.single("lambda/java:21", "arm64", media_type=media_type)
    assert Client(server).resolve("lambda/java:21") == ResolvedImage(digest=digest, kind="manifest", platforms={"arm64": digest})


def test_a_digest_is_asked_for_by_itself(server: RegistryServer) -> None:
    old = server.index("lambda/python:3.13", {"amd64": b"old"})
    server.index("lambda/python:3.13")
    assert Client(server).resolve(f"lambda/python:3.13@{old}").digest == old


@pytest.mark.parametrize("scope", ["", "aws", "repository:lambda/python:pull"])
def test_a_token_is_fetched_as_the_challenge_says_and_kept(server: RegistryServer, scope: str) -> None:
    server.auth, server.scope = "bearer", scope
    server.single("lambda/python:3.13")
    client = Client(server)
    client.resolve()
    client.resolve()
    tokens = [path for path in server.requests if path.startswith("/token/")]
    assert tokens == ["/token/?scope=repository%3Alambda%2Fpython%3Apull&service=test+service"]


def test_a_token_can_need_a_login(server: RegistryServer) -> None:
    server.auth, server.login = "bearer", ("user", "pass:word")
    digest = server.index("lambda/python:3.13")
    assert Client(server, Logins("user", "pass:word")).resolve().digest == digest


def test_basic_logins_work_as_private_ecr_wants_them(server: RegistryServer) -> None:
    server.auth, server.login = "basic", ("AWS", "secret")
    digest = server.single("lambda/python:3.13")
    assert Client(server, Logins("AWS", "secret")).resolve().digest == digest


def test_another_host_never_sees_the_login(server: RegistryServer) -> None:
    server.auth, server.login = "basic", ("AWS", "secret")
    with serving() as storage:
        server.redirect_blobs, server.storage = True, storage
        digest = server.single("lambda/python:3.13")
        assert Client(server, Logins("AWS", "secret")).resolve().digest == digest
        assert storage.authorizations == [None]


def test_an_expired_token_is_replaced(server: RegistryServer) -> None:
    server.auth = "bearer"
    digest = server.index("lambda/python:3.13")
    client = Client(server)
    client.registry._session._authorizations[(server.host, "repository:lambda/python:pull")] = "Bearer expired"
    assert client.resolve().digest == digest


@pytest.mark.parametrize(
    ("retry_after", "expected"),
    [
        ("7", 7.0),
        ("Tue, 24 Nov 2026 12:00:09 GMT", 9.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", 0.5),
        (None, 0.5),
    ],
)
def test_too_many_requests_wait_as_long_as_told(server: RegistryServer, retry_after: str | None, expected: float) -> None:
    server.failures = [(429, {"Retry-After": retry_after} if retry_after else {})]
    server.index("lambda/python:3.13")
    client = Client(server)
    client.resolve()
    assert client.slept == [expected]


def test_an_answer_that_breaks_off_is_asked_for_again(server: RegistryServer) -> None:
    digest = server.index("lambda/python:3.13")
    server.cuts = 2
    client = Client(server)
    assert client.resolve().digest == digest
    assert client.slept == [0.5, 1.0]


def test_fails_when_every_answer_breaks_off(server: RegistryServer) -> None:
    server.index("lambda/python:3.13")
    server.cuts = 5
    message = Client(server).refusal()
    assert message.startswith(
        'registry "HOST" cannot be reached for "HOST/lambda/python:3.13": the connection was closed before the end of the answer'
    ), message
    assert "\n  hint: " in message


def test_server_errors_are_tried_again_with_growing_pauses(server: RegistryServer) -> None:
    server.failures = [(500, {}), (502, {}), (503, {}), (504, {})]
    digest = server.index("lambda/python:3.13")
    client = Client(server)
    assert client.resolve().digest == digest
    assert client.slept == [0.5, 1.0, 2.0, 4.0]


def test_fails_after_five_attempts(server: RegistryServer) -> None:
    server.failures = [(503, {})] * 9
    client = Client(server)
    assert client.refusal() == (
        'registry "HOST" answered 503 to 5 requests for "HOST/lambda/python:3.13"\n  hint: run the command again later'
    )
    assert len(server.requests) == 5


def test_fails_at_once_when_told_to_wait_too_long(server: RegistryServer) -> None:
    server.failures = [(429, {"Retry-After": "3600"})]
    client = Client(server)
    assert client.refusal() == (
        'registry "HOST" answered 429 and asks to wait 3600 seconds; allowed: at most 60\n'
        "  hint: run the command again later; logged-in pulls and mirrors have higher limits"
    )
    assert client.slept == []


def test_fails_for_an_unknown_tag(server: RegistryServer) -> None:
    assert Client(server).refusal() == (
        'registry "HOST" does not know "HOST/lambda/python:3.13" (404, MANIFEST_UNKNOWN: manifest unknown)\n'
        "  hint: check the repository and the tag for a misspelling"
    )


def test_fails_when_a_login_is_wanted_and_there_is_none(server: RegistryServer) -> None:
    server.auth = "basic"
    assert Client(server).refusal() == (
        'registry "HOST" requires a login for "HOST/lambda/python:3.13" (401, UNAUTHORIZED: authentication required)\n'
        "  hint: log in with `docker login HOST`, or log out if an old login is refused"
    )


def test_fails_when_the_login_is_wrong(server: RegistryServer) -> None:
    server.auth, server.login = "bearer", ("user", "right")
    assert Client(server, Logins("user", "wrong")).refusal() == (
        'registry "HOST" requires a login for a token for "HOST/lambda/python:3.13" (401, UNAUTHORIZED: bad login)\n'
        "  hint: log in with `docker login HOST`, or log out if an old login is refused"
    )


def test_fails_when_denied(server: RegistryServer) -> None:
    server.auth, server.deny = "bearer", 403
    assert Client(server).refusal() == (
        'registry "HOST" denies "HOST/lambda/python:3.13" (403, DENIED: not for you)\n'
        "  hint: log in with `docker login HOST`, or log out if an old login is refused"
    )


def test_fails_for_any_other_answer(server: RegistryServer) -> None:
    server.deny = 418
    assert Client(server).refusal() == (f'registry "HOST" answered 418 for "HOST/lambda/python:3.13" (DENIED: not for you){ASK_OWNER}')


def test_fails_when_the_header_names_another_digest(server: RegistryServer) -> None:
    digest = server.index("lambda/python:3.13")
    server.headers = {"Docker-Content-Digest": OTHER}
    assert Client(server).refusal() == (
        f'the content of "HOST/lambda/python:3.13" has the digest {digest}, not {OTHER}\n'
        "  hint: something between here and the registry changes content: try again, or another network"
    )


def test_fails_when_a_digest_answers_with_other_content(server: RegistryServer) -> None:
    digest = server.index("lambda/python:3.13")
    server.manifests[f"lambda/python@{OTHER}"] = server.manifests["lambda/python:3.13"]
    assert (
        Client(server)
        .refusal(f"lambda/python:3.13@{OTHER}")
        .startswith(f'the content of "HOST/lambda/python:3.13@{OTHER}" has the digest {digest}, not {OTHER}\n')
    )


def test_fails_when_a_configuration_has_other_content(server: RegistryServer) -> None:
    server.single("lambda/python:3.13")
    (wanted,) = server.blobs
    server.blobs[wanted] = b"{}"
    assert Client(server).refusal().startswith(f'the content of "HOST/lambda/python:3.13" has the digest {sha256(b"{}")}, not {wanted}\n')


def test_fails_for_another_media_type(server: RegistryServer) -> None:
    server.put("lambda/python:3.13", "text/html; charset=utf-8", b"<html>")
    assert Client(server).refusal() == (
        '"HOST/lambda/python:3.13" has the media type "text/html"; allowed: an OCI or Docker (schema 2) index or manifest\n'
        "  hint: check that the name is that of a container image, and that no log-in page answers in the registry's place"
    )


def test_fails_when_the_document_calls_itself_something_else(server: RegistryServer) -> None:
    server.put("lambda/python:3.13", MANIFEST, json.dumps({"mediaType": INDEX}).encode())
    assert Client(server).refusal() == f'"HOST/lambda/python:3.13" is sent as "{MANIFEST}" but its own media type is "{INDEX}"{ASK_OWNER}'


@pytest.mark.parametrize(
    ("media_type", "body", "message"),
    [
        (INDEX, b"not json", 'the manifest of "HOST/lambda/python:3.13" is not a JSON object'),
        (INDEX, b"[" * 100_000, 'the manifest of "HOST/lambda/python:3.13" is not a JSON object'),
        (INDEX, b"[]", 'the manifest of "HOST/lambda/python:3.13" is not a JSON object'),
        (INDEX, b"{}", 'the index of "HOST/lambda/python:3.13" has no list of manifests'),
        (INDEX, b'{"manifests": [1]}', 'the index of "HOST/lambda/python:3.13" has no list of manifests'),
        (
            INDEX,
            b'{"manifests": [{"platform": {"os": "linux", "architecture": "amd64"}, "digest": "md5:1"}]}',
            'the index of "HOST/lambda/python:3.13" has the digest "md5:1" for amd64',
        ),
        (MANIFEST, b"{}", 'the manifest of "HOST/lambda/python:3.13" names no configuration'),
    ],
)
def test_fails_for_a_broken_document(server: RegistryServer, media_type: str, body: bytes, message: str) -> None:
    server.put("lambda/python:3.13", media_type, body)
    assert Client(server).refusal() == message + ASK_OWNER


def test_fails_for_an_image_that_lambda_cannot_run(server: RegistryServer) -> None:
    extra = [
        {"digest": sha256(b"1"), "platform": {"os": "unknown", "architecture": "unknown"}},
        {"digest": sha256(b"2"), "platform": {"os": "linux", "architecture": "s390x"}},
    ]
    server.index("lambda/python:3.13", {}, extra=extra)
    server.single("lambda/python:3.12", "amd64", "windows")
    hint = "\n  hint: name another image or tag"
    allowed = "allowed: linux/amd64, linux/arm64"
    client = Client(server)
    assert client.refusal() == f'"HOST/lambda/python:3.13" has no image that Lambda can run: found linux/s390x; {allowed}{hint}'
    assert client.refusal("lambda/python:3.12") == (
        f'"HOST/lambda/python:3.12" has no image that Lambda can run: found windows/amd64; {allowed}{hint}'
    )


def test_fails_when_the_answer_is_endless(server: RegistryServer) -> None:
    server.put("lambda/python:3.13", INDEX, b" " * (4 * 1024 * 1024 + 1))
    assert Client(server).refusal() == f'the answer for "HOST/lambda/python:3.13" is larger than 4194304 bytes{ASK_OWNER}'


def test_fails_when_redirected_in_circles(server: RegistryServer) -> None:
    server.failures = [(307, {"Location": "/v2/again"})] * 20
    assert Client(server).refusal() == f'registry "HOST" redirects more than 5 times{ASK_OWNER}'
    assert len(server.requests) == 6


@pytest.mark.parametrize("location", ["http://mirror.example.com/v2/", "ftp://127.0.0.1/", "http://127.0.0.2:1/"])
def test_fails_when_redirected_to_an_open_line(server: RegistryServer, location: str) -> None:
    server.failures = [(307, {"Location": location})]
    assert Client(server).refusal() == f'registry "HOST" redirects to "{location}"; allowed: an https address{ASK_OWNER}'


@pytest.mark.parametrize("realm", ["http://token.example.com/", "ftp://127.0.0.1/", "https://", "http://[", ""])
def test_fails_when_the_token_would_come_over_an_open_line(server: RegistryServer, realm: str) -> None:
    server.failures = [(401, {"WWW-Authenticate": f'Bearer realm="{realm}"'})]
    assert Client(server).refusal() == f'registry "HOST" sends to "{realm}" for a token; allowed: an https address{ASK_OWNER}'


def test_errors_name_addresses_without_their_secrets(server: RegistryServer) -> None:
    server.failures = [(307, {"Location": "http://user:secret@mirror.example.com/v2/?X-Amz-Signature=secret"})]
    assert Client(server).refusal() == f'registry "HOST" redirects to "http://mirror.example.com/v2/"; allowed: an https address{ASK_OWNER}'
    server.failures = [(401, {"WWW-Authenticate": 'Bearer realm="http://user:secret@token.example.com/a?key=secret"'})]
    assert (
        Client(server).refusal()
        == f'registry "HOST" sends to "http://token.example.com/a" for a token; allowed: an https address{ASK_OWNER}'
    )


def test_the_password_of_a_proxy_is_in_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@proxy.example.com:99999")
    server = RegistryServer()
    server.host = "registry.example.com"
    refusal = Client(server).refusal()
    assert refusal.startswith("no HTTP client with this environment: Failed to parse: http://proxy.example.com:99999\n")


def test_fails_for_a_dead_host_once_with_the_whole_wait() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        server = RegistryServer()
        server.host = f"127.0.0.1:{unused.getsockname()[1]}"
        client = Client(server)
        expected = (
            'registry "HOST" cannot be reached for "HOST/lambda/python:3.13": [Errno 111] Connection refused\n'
            "  hint: check the name of the registry, the network and the proxy settings; base images may come from a mirror (--mirror HOST[/PREFIX])"
        )
        assert client.refusal() == expected
        assert client.refusal() == expected
        assert client.slept == [0.5, 1.0, 2.0, 4.0]


@pytest.fixture
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy stands between the test and other addresses of this machine."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("direct")
@pytest.mark.parametrize("host", ["127.0.0.1:99999", "a" * 64 + ".example.com"])
def test_fails_for_a_host_that_cannot_be(host: str) -> None:
    server = RegistryServer()
    server.host = host
    assert Client(server).refusal().startswith('registry "HOST" cannot be reached for "HOST/lambda/python:3.13": ')


@pytest.mark.usefixtures("direct")
def test_plain_http_is_spoken_to_loopback_names_alone() -> None:
    with serving("127.0.0.2") as server:
        client = Client(server)
        refusal = client.refusal()
        assert refusal.startswith('registry "HOST" cannot be reached for "HOST/lambda/python:3.13": [SSL')
        assert refusal.endswith(
            "\n  hint: the registry uses plain HTTP, which is allowed for 127.0.0.1 and localhost only: put it behind TLS"
        )
        assert client.slept == []
        assert server.requests == []


@pytest.mark.usefixtures("direct")
def test_fails_for_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    with serving("127.0.0.2", certificate=self_signed("127.0.0.2", tmp_path)) as server:
        client = Client(server)
        refusal = client.refusal()
        assert "CERTIFICATE_VERIFY_FAILED" in refusal
        assert refusal.endswith("\n  hint: if your network has a certificate authority of its own, set SSL_CERT_FILE to its bundle")
        assert client.slept == []


@pytest.mark.usefixtures("direct")
def test_https_works_with_the_certificates_that_are_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = self_signed("127.0.0.2", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving("127.0.0.2", certificate=certificate) as server:
        digest = server.index("lambda/python:3.13")
        assert Client(server).resolve().digest == digest


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "all_proxy"])
def test_fails_for_a_proxy_that_cannot_be_one(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "gopher://127.0.0.1")
    server = RegistryServer()
    server.host = "registry.example.com"
    refusal = Client(server).refusal()
    assert refusal.startswith("no HTTP client with this environment: ")
    assert refusal.endswith("\n  hint: check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR")


def test_loopback_is_never_sought_through_a_proxy(server: RegistryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    digest = server.index("lambda/python:3.13")
    assert Client(server).resolve().digest == digest


def test_fails_without_tag_and_digest(server: RegistryServer) -> None:
    assert Client(server).refusal("lambda/python") == (
        '"HOST/lambda/python" has neither a tag nor a digest\n  hint: name the tag, for example "HOST/lambda/python:latest"'
    )


def test_text_from_the_network_cannot_forge_lines(server: RegistryServer) -> None:
    server.headers = {"Docker-Content-Digest": "\x1b[31m" + "x" * 1000}
    server.index("lambda/python:3.13")
    refusal = Client(server).refusal()
    assert "\x1b" not in refusal
    assert len(refusal) < 600


def test_making_a_registry_does_nothing_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urllib3.PoolManager", None)
    HttpRegistry().close()


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            ['Bearer realm="https://public.ecr.aws/token/",service="public.ecr.aws",scope="aws"'],
            {"bearer": {"realm": "https://public.ecr.aws/token/", "service": "public.ecr.aws", "scope": "aws"}},
        ),
        (
            ['Basic realm="https://1.dkr.ecr/",service="ecr.amazonaws.com"'],
            {"basic": {"realm": "https://1.dkr.ecr/", "service": "ecr.amazonaws.com"}},
        ),
        (['BASIC realm=plain, bearer realm="a, Basic \\"b\\""'], {"basic": {"realm": "plain"}, "bearer": {"realm": 'a, Basic "b"'}}),
        (["Basic", 'Bearer realm="x"'], {"basic": {}, "bearer": {"realm": "x"}}),
        (["Negotiate"], {"negotiate": {}}),
        ([], {}),
    ],
)
def test_challenges_are_read_in_every_form(headers: list[str], expected: dict) -> None:
    assert parse_challenges(headers) == expected


def test_credentials_are_asked_only_after_a_challenge() -> None:
    class Never:
        def login(self, host: str) -> Login | None:
            raise AssertionError("asked")

    with serving() as server, HttpRegistry(Never()) as registry:
        digest = server.index("a:1")
        assert registry.resolve(ImageReference.parse(f"{server.host}/a:1")).digest == digest


@contextlib.contextmanager
def proxying(requests: list[str]) -> Iterator[str]:
    """A proxy that writes down what it is asked, and connects to nothing."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            requests.append(f"{self.path} {self.headers.get('Proxy-Authorization')}")
            self.send_error(403, "not from here")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{proxy.server_port}"
        proxy.shutdown()


@pytest.mark.parametrize("form", ["{}", "http://{}", "http://us%65r:pass%3Aword@{}"])
@pytest.mark.usefixtures("direct")
def test_other_registries_are_reached_through_the_proxy_of_the_environment(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    requests: list[str] = []
    server = RegistryServer()
    server.host = "registry.example.com"
    with proxying(requests) as address:
        monkeypatch.setenv("HTTPS_PROXY", form.format(address))
        refusal = Client(server).refusal()
    login = "Basic " + base64.b64encode(b"user:pass:word").decode() if "@" in form else None
    assert requests == [f"registry.example.com:443 {login}"] * 5
    assert refusal.startswith(
        'registry "HOST" cannot be reached for "HOST/lambda/python:3.13": Tunnel connection failed: 403 not from here'
    ), refusal


@pytest.mark.usefixtures("direct")
def test_hosts_that_no_proxy_names_are_reached_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    requests: list[str] = []
    server = RegistryServer()
    server.host = "registry.invalid"
    with proxying(requests) as address:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{address}")
        monkeypatch.setenv("NO_PROXY", "registry.invalid")
        Client(server).refusal()
    assert requests == []
