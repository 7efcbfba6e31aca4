from __future__ import annotations

import time

import pytest

from optimizer.bases.catalogue import base_image
from optimizer.bases.handlers import check_handler
from optimizer.errors import Fault


@pytest.mark.parametrize(
    ("runtime", "handler"),
    [
        ("python3.13", "app.handler"),
        ("python3.13", "package.module.handler"),
        ("python3.13", "functions/api/app.handler"),
        ("python3.13", "my-function.lambda_handler"),
        ("nodejs24.x", "index.handler"),
        ("nodejs24.x", "src/index.handler"),
        ("nodejs24.x", "dist.v2/index.handler"),
        ("nodejs24.x", "index.api.handler"),
        ("nodejs24.x", "/var/task/index.handler"),
        ("java21", "com.example.Handler::handleRequest"),
        ("java21", "com.example.Handler"),
        ("java21", "com.example.Outer$Inner::handle"),
        ("java21", "Handler::handleRequest"),
        ("dotnet8", "My.Assembly::My.Namespace.Function::Handle"),
        ("dotnet8", "MyAssembly"),
        ("ruby3.4", "app.handler"),
        ("ruby3.4", "lib/app.handler"),
        ("ruby3.4", "app.Shop::Handler.process"),
        ("provided.al2023", "bootstrap"),
        ("provided.al2023", "any/thing:at.all"),
        ("go1.x", "main"),
    ],
)
def test_handlers_that_work_pass(runtime: str, handler: str) -> None:
    assert check_handler(base_image(runtime), handler) is None


@pytest.mark.parametrize(
    ("runtime", "handler"),
    [
        ("python3.13", "handler"),
        ("python3.13", ""),
        ("python3.13", "app."),
        ("python3.13", ".handler"),
        ("python3.13", "/app.handler"),
        ("python3.13", "app..handler"),
        ("python3.13", "app.my-handler"),
        ("python3.13", "app.handler\n"),
        ("python3.13", "app handler.x"),
        ("python3.13", "app::handler"),
        ("nodejs24.x", "index"),
        ("nodejs24.x", "../index.handler"),
        ("nodejs24.x", "src/index"),
        ("nodejs24.x", "index.handler "),
        ("java21", "com.example.Handler:handle"),
        ("java21", "com.example.Handler::"),
        ("java21", "com/example/Handler::handle"),
        ("java21", "a::b::c"),
        ("dotnet8", "Assembly::Namespace.Type"),
        ("dotnet8", "Assembly::Type::Method::More"),
        ("dotnet8", ""),
        ("ruby3.4", "app"),
        ("ruby3.4", "app::handler"),
        ("ruby3.4", "app.Shop::Handler"),
        ("provided.al2023", ""),
        ("provided.al2023", "two words"),
    ],
)
def test_handlers_that_cannot_work_are_refused(runtime: str, handler: str) -> None:
    assert check_handler(base_image(runtime), handler) is not None


def test_the_fault_gives_value_form_and_example() -> None:
    assert check_handler(base_image("python3.13"), "handler") == Fault(
        'handler "handler" has the wrong form for runtime "python3.13"; allowed: module.function', "handler", 'for example "app.handler"'
    )
    assert check_handler(base_image("java21"), "a/b") == Fault(
        'handler "a/b" has the wrong form for runtime "java21"; allowed: package.Class::method or package.Class',
        "handler",
        'for example "com.example.Handler::handleRequest"',
    )
    assert check_handler(base_image("dotnet8"), "a b") == Fault(
        'handler "a b" has the wrong form for runtime "dotnet8"; '
        "allowed: Assembly::Namespace.Type::Method, or the name of an executable assembly",
        "handler",
        'for example "Invoice::Invoice.Function::Handle"',
    )


@pytest.mark.parametrize("runtime", ["python3.13", "nodejs24.x", "java21", "dotnet8", "ruby3.4", "provided.al2023"])
@pytest.mark.parametrize("piece", ["a.", "a/", "a", "A::", "A.A::"])
def test_no_handler_takes_long_to_refuse(runtime: str, piece: str) -> None:
    # Processor time: the machine may be busy with other tests.
    started = time.process_time()
    check_handler(base_image(runtime), piece * 5_000 + " ")
    assert time.process_time() - started < 1
