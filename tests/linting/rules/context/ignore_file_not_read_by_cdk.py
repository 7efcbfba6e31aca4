from __future__ import annotations

from optimizer.model.template import SamBuilder
from tests.linting.cases import Case, on_base

CATCHES: list[Case] = [
    on_base("", 0, own_ignore="*", says='"Dockerfile.dockerignore" is read by BuildKit and not by CDK'),
    on_base("", 0, own_ignore="*", sam=SamBuilder.CLASSIC, says="and not by SAM's default builder"),
    on_base("", 0, own_ignore="*", sam=SamBuilder.UNKNOWN, says="is read by BuildKit"),
]
PASSES: list[Case] = [on_base("", ignore="*"), on_base("", own_ignore="*", sam=SamBuilder.BUILDKIT)]
