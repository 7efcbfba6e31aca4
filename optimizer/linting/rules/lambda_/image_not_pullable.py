"""LIO648: an image from where Lambda takes none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from optimizer.dockerfile.instruction import Span
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import FunctionSubject

_ECR = re.compile(r"(?:\d{12}|\$\{AWS::AccountId\})\.dkr\.ecr\.(?P<region>[a-z0-9-]+|\$\{AWS::Region\})\.[^/]+")
_FIPS = ".dkr.ecr-fips."
_NOT_JUDGED = re.compile(r"\$\{|\.dkr[.-]ecr|localhost\b|127\.")
"""Starts of what only a deployment knows, of other addresses of Amazon ECR, and of registries of tests."""


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    uri = subject.declared.image_uri
    if not uri or subject.dockerfile is not None:
        return
    place = subject.place("ImageUri") or subject.place("Code", "ImageUri")
    host = uri.partition("/")[0] if "/" in uri else ""
    found = _ECR.fullmatch(host)
    if _FIPS in host:
        yield Violation(
            message=f'Lambda pulls from no FIPS endpoint of Amazon ECR, and the image is "{uri}"',
            span=place,
            hint="write dkr.ecr in place of dkr.ecr-fips: both name the same repository",
            fix=subject.pullable,
        )
    elif found:
        yield from _of_region(subject, found["region"], place)
    # sam deploy pushes an image of the engine, whatever its name, and writes where it pushed it.
    elif not host and not subject.declared.serverless and not subject.metadata and not uri.startswith("${"):
        yield Inconclusive(reason=f'"{uri}" names no registry: Lambda takes no such image, unless sam deploy pushes it', span=place)
    elif host and not subject.declared.serverless and not subject.metadata and not _NOT_JUDGED.search(host):
        yield Violation(
            message=f'the image "{uri}" is in no private repository of Amazon ECR',
            span=place,
            hint="copy it to a repository of your own, for example by a pull-through cache, or build from it",
        )


def _of_region(subject: FunctionSubject, region: str, place: Span | None) -> Iterator[Verdict]:
    if region.startswith("$"):
        return
    if subject.region is None:
        yield Inconclusive(reason=f"whether the function is deployed to {region}, where its image is, is not known", span=place)
    elif region != subject.region:
        yield Violation(
            message=f"the image is in {region}, and the function in {subject.region}",
            span=place,
            hint="push the image to a repository of the function's Region, or replicate the repository there",
        )


RULE = Rule(
    id="LIO648",
    name="image-not-pullable",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A function names an image in a public registry, in another Region, or by a FIPS endpoint.",
    why=(
        "Lambda takes images from private repositories of Amazon ECR in the function's own Region, by the usual endpoint, also of another "
        'account. Everything else fails at deployment: "Source image ... is not valid. Provide a valid source image." Neither CDK, nor SAM, nor '
        "cfn-lint looks at the name. --fix writes the usual endpoint into a template. The Region of a template is that of sam deploy in samconfig, where it has one."
    ),
    fix="push the image to a private repository in the function's Region, and name it there",
    bad="Code:\n  ImageUri: public.ecr.aws/lambda/python:3.13",
    good="Code:\n  ImageUri: !Sub ${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/shop:1",
    example="yaml",
    function=_check,
)
