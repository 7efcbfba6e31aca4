from __future__ import annotations

from functools import partial

from optimizer.model.template import SamBuilder, TemplateFaultKind
from tests.linting.cases import PYTHON, Case, app, declaration, dockerfile, on_base

by_sam = partial(on_base, sam=SamBuilder.CLASSIC, arguments={})
whole = partial(dockerfile, sam=SamBuilder.CLASSIC, arguments={})
HEREDOC = "the here-document is empty for SAM's default builder: what stands in it does not run, and the build succeeds"

CATCHES: list[Case] = [
    by_sam("RUN <<EOF\nfalse\nEOF", 2, says=HEREDOC),
    by_sam("RUN python3 <<EOF\nprint(1)\nEOF", 2, says=HEREDOC),
    by_sam(
        "RUN --mount=type=cache,target=/x true\nRUN --mount=type=cache,target=/x true", 2, says="RUN --mount; the same holds for 1 more"
    ),
    by_sam("RUN --network=none true", 2, says="fails at RUN --network"),
    by_sam("COPY --chmod=755 a /a", 2, says="fails at COPY --chmod"),
    by_sam("ADD --chmod=755 a /a", 2, says="fails at ADD --chmod"),
    by_sam("COPY <<EOF /a\nx\nEOF", 2, says="fails at COPY with a here-document"),
    by_sam(f"ADD --checksum=sha256:{0:064} https://example.com/a /a", 2, says="ADD --checksum has no effect"),
    by_sam("COPY --parents a /a", 2, says="COPY --parents has no effect"),
    by_sam("COPY --exclude=b a /a", 2, says="COPY --exclude has no effect"),
    by_sam("ARG TARGETARCH\nRUN echo $TARGETARCH", 2, says="TARGETARCH is empty"),
    whole(
        f"FROM --platform=$BUILDPLATFORM python AS build\nFROM {PYTHON}\nCOPY --from=build /a /a",
        1,
        says="--platform=$BUILDPLATFORM is empty",
    ),
    whole(f"FROM --platform=${{TARGETPLATFORM}} {PYTHON}", 1, says="which fails"),
    # The classic builder runs stages too that nothing needs.
    whole(f"FROM python AS test\nRUN --mount=type=cache,target=/x pytest\nFROM {PYTHON}", 2, says="fails at RUN --mount"),
    declaration(TemplateFaultKind.NEEDS_BUILDKIT, "SAM CLI leaves DockerBuildExtraParams out"),
]
PASSES: list[Case] = [
    by_sam("COPY --link --chown=1:1 a /a\nARG A\nARG TARGETARCH=amd64\nRUN true"),
    on_base("ARG TARGETARCH", sam=SamBuilder.CLASSIC, arguments={"TARGETARCH": "arm64"}),
    # The arguments of the build are hidden.
    on_base("ARG TARGETARCH", sam=SamBuilder.CLASSIC),
    whole(f"ARG BUILDPLATFORM=linux/amd64\nFROM --platform=$BUILDPLATFORM {PYTHON}"),
    whole(f"FROM {PYTHON} AS one\nFROM one\nRUN --mount=type=cache,target=/x true", target="one"),
    on_base("RUN <<EOF\nfalse\nEOF", sam=SamBuilder.BUILDKIT),
    on_base("RUN <<EOF\nfalse\nEOF", sam=SamBuilder.UNKNOWN),
    on_base("RUN <<EOF\nfalse\nEOF"),
    app(),
]
