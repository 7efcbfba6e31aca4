"""The words by which an image declares that it may be restored from a snapshot of Lambda's SnapStart.

Source: https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-custom.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

HOOKS: Final = "hooks"
"""The image speaks the restore protocol of the Runtime API, which runs its hooks."""

NO_HOOKS: Final = "no-hooks"
"""Nothing has to run before a snapshot or after a restore: what is unique, secret or connected is made in the handler."""

LABEL: Final = "com.amazonaws.lambda.feature.snapstart"
"""The label by which an image without the restore protocol says that it may be restored all the same."""

ALLOW: Final = "Allow"
"""The one value of the label that means something."""

HOOKS_LABEL: Final = "lambda-image-optimizer.snapstart"
"""The label by which an image says that it speaks the restore protocol; Lambda does not read it, people and rules do.

With :data:`LABEL` beside the protocol, an image whose code stopped to speak it would be restored without its hooks; without it,
the version is not published.
"""

LABELS: Final[Mapping[str, tuple[str, str]]] = {HOOKS: (HOOKS_LABEL, HOOKS), NO_HOOKS: (LABEL, ALLOW)}
"""The label that each promise becomes, on a base that needs one."""

PAGE: Final = "docs/snapstart.md"
"""The page that says what either word promises."""


def promise(labels: Mapping[str, str | None]) -> str:
    """What the labels of an image promise; empty for nothing."""
    return next((word for word, (name, value) in LABELS.items() if labels.get(name) == value), "")


def without_snapstart(region: str) -> bool:
    """Whether a Region is known to have no SnapStart.

    The guide: all commercial Regions but Asia Pacific (New Zealand) and
    (Taipei); https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html.
    cfn-lint 1.58.0 (E2530) has neither China's nor GovCloud's.
    """
    return region in ("ap-southeast-6", "ap-east-2") or region.startswith(("cn-", "us-gov-"))
