"""What a handler looks like in each runtime family.

The forms are those that the runtime clients split at run time, not only those
of the documentation's examples, so that nothing that works is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from optimizer.bases.catalogue import BaseImage
from optimizer.errors import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerForm:
    """The form of a family's handlers: for people, for the check, and an example."""

    form: str
    pattern: re.Pattern[str]
    example: str


# A directory, file or module: anything but white space and the separators.
_PART = r"[^\s./:\\]+"
_FOLDERS = r"(?:[^\s/:\\]+/)*"
_NAME = r"[^\W\d]\w*"
_JAVA_NAME = r"(?:[^\W\d]|\$)[\w$]*"
_DOTNET_NAME = r"[^\W\d][\w+`]*"
_ANYTHING = HandlerForm(form="any text without white space", pattern=re.compile(r"\S+"), example="bootstrap")

# Where each family's client splits:
# - python: at the last dot; slashes in the module count as dots
#   (https://github.com/aws/aws-lambda-python-runtime-interface-client, bootstrap.py)
# - nodejs: at the first dot after the last slash; the rest is a path of exports
#   (https://github.com/aws/aws-lambda-nodejs-runtime-interface-client, UserFunction.js)
# - java: at "::"; a class alone implements RequestHandler
#   (https://docs.aws.amazon.com/lambda/latest/dg/java-handler.html)
# - dotnet: at "::"; an assembly alone is an executable one
#   (https://docs.aws.amazon.com/lambda/latest/dg/csharp-handler.html)
# - ruby: at the dots, into two or three parts
#   (https://github.com/aws/aws-lambda-ruby-runtime-interface-client, lambda_handler.rb)
FORMS: Mapping[str, HandlerForm] = MappingProxyType(
    {
        "python": HandlerForm(
            form="module.function",
            pattern=re.compile(rf"{_PART}(?:[./]{_PART})*\.{_NAME}"),
            example="app.handler",
        ),
        "nodejs": HandlerForm(
            form="file.export",
            # ".." anywhere is refused by the client.
            pattern=re.compile(rf"(?!.*\.\.)/?{_FOLDERS}{_PART}(?:\.{_PART})+"),
            example="index.handler",
        ),
        "java": HandlerForm(
            form="package.Class::method or package.Class",
            pattern=re.compile(rf"{_JAVA_NAME}(?:\.{_JAVA_NAME})*(?:::{_JAVA_NAME})?"),
            example="com.example.Handler::handleRequest",
        ),
        "dotnet": HandlerForm(
            form="Assembly::Namespace.Type::Method, or the name of an executable assembly",
            pattern=re.compile(rf"[\w.-]+(?:::{_DOTNET_NAME}(?:\.{_DOTNET_NAME})*::{_DOTNET_NAME})?"),
            example="Invoice::Invoice.Function::Handle",
        ),
        "ruby": HandlerForm(
            form="file.method or file.Module::Class.method",
            pattern=re.compile(rf"/?{_FOLDERS}{_PART}(?:\.[A-Z]\w*(?:::[A-Z]\w*)*)?\.{_NAME}[?!]?"),
            example="app.handler",
        ),
        "provided": _ANYTHING,
        "go": _ANYTHING,
    }
)


def check_handler(base: BaseImage, handler: str) -> Fault | None:
    """The fault of a handler whose form cannot work in the base image's runtime; None when it can."""
    form = FORMS[base.family]
    if form.pattern.fullmatch(handler):
        return None
    return Fault(
        f'handler "{handler}" has the wrong form for runtime "{base.runtime}"; allowed: {form.form}',
        "handler",
        f'for example "{form.example}"',
    )
