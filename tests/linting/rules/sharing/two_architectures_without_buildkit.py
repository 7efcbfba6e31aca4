from __future__ import annotations

from optimizer.linting.subjects import FunctionSubject
from optimizer.model.template import SamBuilder
from tests.linting.cases import PYTHON, Case, app, function, image


def built(
    construct: str, architecture: str | None, path: str = "api/Dockerfile", sam: SamBuilder | None = SamBuilder.CLASSIC
) -> FunctionSubject:
    return function(construct, architecture=architecture, dockerfile=image(f"FROM {PYTHON}", path=path, sam=sam))


CATCHES: list[Case] = [
    app(built("Get", "x86_64"), built("Put", "arm64"), built("Head", "x86_64"), lines=(0,), says="is built for x86_64 too, for Get"),
]
PASSES: list[Case] = [
    app(built("Get", "arm64"), built("Put", "arm64")),
    app(built("Get", "x86_64"), built("Put", "arm64", "web/Dockerfile")),
    app(built("Get", "x86_64", sam=SamBuilder.BUILDKIT), built("Put", "arm64", sam=SamBuilder.BUILDKIT)),
    app(built("Get", "x86_64", sam=None), built("Put", "arm64", sam=None)),
    app(built("Get", None), built("Put", "arm64")),
    app(function("Get")),
]
