"""Customer-managed runtimes of Lambda: names, lifecycles, and the configuration of a function that uses one.

Sources: the model of the API ``lambda-core`` in botocore 1.44.8, and
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-runtimeversion.html
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from typing import Any

from optimizer.errors import Fault, did_you_mean

RUNTIME, VERSION, ALIAS = "AWS::Lambda::Runtime", "AWS::Lambda::RuntimeVersion", "AWS::Lambda::RuntimeAlias"
"""The types of CloudFormation."""

CUSTOM = "custom"
"""What stands in ``Runtime`` of a function that uses a customer-managed runtime."""

RELEASE_STATES = ("PREVIEW", "GA", "DEPRECATED")
RELEASE_DATES = ("DeprecationDate", "FunctionCreateBlockDate", "FunctionUpdateBlockDate")

_RUNTIME_NAME = re.compile(r"[a-z0-9]([a-z0-9_.-]{0,126})?[a-z0-9]")
_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,126}[A-Za-z0-9_])?")
_ARN = re.compile(r"arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:runtime/.+")
_LONGEST_TEXT = 1024
_LONGEST_ARN = range(48, 2049)


def runtime_name_faults(name: Any, place: str) -> Iterable[Fault]:
    """What is wrong with the name of a runtime."""
    if not isinstance(name, str) or not _RUNTIME_NAME.fullmatch(name):
        yield Fault(
            f"{_shown(name)} is not the name of a runtime; allowed: 2 to 128 of a-z, 0-9 and . _ -, the first and the last a letter or digit",
            place,
            'for example "house-python"',
        )


def name_faults(name: Any, place: str, what: str) -> Iterable[Fault]:
    """What is wrong with the name of a version or an alias; ``what`` says which."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        yield Fault(
            f"{_shown(name)} is not the name of {what}; allowed: 1 to 128 letters, digits and . _ -, the first and the last a letter, digit or _",
            place,
            'for example "live"',
        )


def arn_faults(arn: Any, place: str) -> Iterable[Fault]:
    """What is wrong with the ARN of a runtime whose parts are all known."""
    if not isinstance(arn, str) or not _ARN.fullmatch(arn) or len(arn) not in _LONGEST_ARN:
        yield Fault(
            f"{_shown(arn)} is not the ARN of a runtime",
            place,
            "for example arn:aws:lambda:eu-central-1:123456789012:runtime/house-python",
        )


def text_faults(text: Any, place: str) -> Iterable[Fault]:
    """What is wrong with a description or a licence."""
    if text is not None and (not isinstance(text, str) or len(text) > _LONGEST_TEXT):
        yield Fault(f"{_shown(text)} is not a text of at most {_LONGEST_TEXT} characters", place, "shorten it")


def lifecycle_faults(lifecycle: Any, place: str) -> Iterable[Fault]:
    """What is wrong with a release lifecycle, as far as that depends on no clock."""
    if not isinstance(lifecycle, Mapping):
        yield Fault(f"{_shown(lifecycle)} is not a mapping", place, 'for example {"ReleaseState": "GA"}')
        return
    known = ("ReleaseState", *RELEASE_DATES)
    for key, value in lifecycle.items():
        where = f"{place}.{key}"
        if key not in known:
            yield Fault(f'unknown key "{key}"; allowed: {", ".join(known)}', where, did_you_mean(str(key), known))
        elif key == "ReleaseState" and value not in RELEASE_STATES:
            yield Fault(
                f"{_shown(value)} is no release state; allowed: {', '.join(RELEASE_STATES)}",
                where,
                did_you_mean(str(value), RELEASE_STATES),
            )
        elif key != "ReleaseState" and not _is_date(value):
            yield Fault(f"{_shown(value)} is no date; allowed: YYYY-MM-DD, in UTC", where, 'for example "2027-03-31"')
    if lifecycle.get("ReleaseState") == "DEPRECATED" and "DeprecationDate" not in lifecycle:
        yield Fault("a runtime that is DEPRECATED needs the date since when it is", f"{place}.DeprecationDate", "add DeprecationDate")


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _shown(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)
