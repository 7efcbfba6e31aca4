"""Deletes images of a plan, batch by batch, each after a fresh look at all functions, and keeps a journal."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from optimizer.adapters.aws.asking import WORKERS, Asker, Missing, Unread
from optimizer.adapters.aws.functions import list_versions, read_version
from optimizer.adapters.aws.repositories import read_images
from optimizer.audit.cleaning import Candidate, why_not
from optimizer.audit.inventory import FunctionVersion
from optimizer.errors import ContextError
from optimizer.model.text import printable

BATCH = 100
"""Names of one call: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html"""

_GONE = "ImageNotFound"
_LOOKS = 4
"""Lists of functions before a batch; a fleet that never rests must end too, and has then been read as the last list showed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of a candidate, and why it was left where it was."""

    candidate: Candidate
    state: Literal["deleted", "gone", "left"]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a name was not deleted: ECR's code, and that with its reason for people."""

    code: str
    text: str

    @classmethod
    def of(cls, failure: Mapping[str, Any]) -> _Failure:
        code, reason = (printable(str(failure.get(key) or "")) for key in ("failureCode", "failureReason"))
        return cls(code, ": ".join(part for part in (code, reason) if part) or "ECR gives no reason")


class Journal:
    """A file of JSON lines, each on the disk before the run goes on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            before = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
            self._file = path.open("a", encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise self._fault(error) from None
        self.interrupted = _unanswered(before)
        # A line that an interrupt cut off would spoil the next one.
        if before:
            self._file.write("\n")

    def write(self, event: str, **what: Any) -> None:
        """One line, with the time in UTC."""
        line = {"time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "event": event, **what}
        try:
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._fault(error) from None

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def _fault(self, error: Exception) -> ContextError:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        return ContextError(f'the journal "{self.path}" cannot be written: {reason}', "--journal", "name a file that can be appended to")


def clean(askers: Sequence[Asker], candidates: Sequence[Candidate], journal: Journal) -> Iterator[Done]:
    """Deletes the candidates, and tells of each what became of it, batch by batch.

    Right before a batch all versions of all functions of its place are read
    again, and its images; what is used or has changed is left, and so is the
    whole batch where not all could be read.
    """
    by_place = {asker.place: asker for asker in askers}
    for (place, repository), members in groupby(candidates, key=lambda item: (item.place, item.repository)):
        for batch in _batches(members):
            yield from _clean_batch(by_place[place], repository, batch, journal)


def _batches(candidates: Iterator[Candidate]) -> Iterator[list[Candidate]]:
    batch: list[Candidate] = []
    names = 0
    for candidate in candidates:
        count = len(_ids(candidate))
        if batch and names + count > BATCH:
            yield batch
            batch, names = [], 0
        batch.append(candidate)
        names += count
    if batch:
        yield batch


def _ids(candidate: Candidate) -> list[dict[str, str]]:
    """The names to delete: each tag with its digest, so that a tag that has moved meanwhile is refused."""
    digest = {"imageDigest": candidate.image.digest}
    return [{**digest, "imageTag": tag} for tag in candidate.image.tags] or [digest]


def _clean_batch(asker: Asker, repository: str, batch: Sequence[Candidate], journal: Journal) -> Iterator[Done]:
    going: list[Candidate] = []
    try:
        found = {image.digest: image for image in read_images(asker, repository, [item.image.digest for item in batch])}
        # Functions last: what they run must not be older than the deletion by more than can be helped.
        versions = _versions(asker)
    except Unread as unread:
        reason = f"it could not be looked at again: {unread.gap.action}: {unread.gap.reason}"
        yield from (Done(candidate=item, state="left", reason=reason) for item in batch)
        return
    for item in batch:
        reason = why_not(item, versions, found.get(item.image.digest))
        if reason:
            yield Done(candidate=item, state="left" if item.image.digest in found else "gone", reason=reason)
        else:
            going.append(item)
    if going:
        yield from _delete(asker, repository, going, journal)


def _versions(asker: Asker) -> list[FunctionVersion]:
    """All versions of image functions as they are now; also those that change while others are read."""
    read: dict[tuple[str, ...], FunctionVersion | None] = {}
    with ThreadPoolExecutor(WORKERS) as pool:
        # Reading thousands takes minutes, and a list seconds.
        for _ in range(_LOOKS):
            listed = {_state(item): item for item in list_versions(asker) if item.get("PackageType") == "Image"}
            fresh = {state: item for state, item in listed.items() if state not in read}
            if not fresh:
                break
            read.update(zip(fresh, pool.map(lambda item: _version(asker, item), fresh.values()), strict=True))
    return [version for version in read.values() if version]


def _version(asker: Asker, listed: Mapping[str, Any]) -> FunctionVersion | None:
    try:
        return read_version(asker, listed, None)
    except Missing:
        return None


def _state(listed: Mapping[str, Any]) -> tuple[str, ...]:
    """What changes with every update of a version."""
    return tuple(str(listed.get(name)) for name in ("FunctionName", "Version", "RevisionId", "LastModified"))


def _delete(asker: Asker, repository: str, going: Sequence[Candidate], journal: Journal) -> Iterator[Done]:
    where = {"account": asker.place.account, "region": asker.place.region, "repository": repository}
    images = [{"digest": item.image.digest, "tags": item.image.tags, "bytes": item.size, "reason": item.reason} for item in going]
    journal.write("delete", **where, images=images)
    deleted: set[str] = set()
    failures: dict[str, list[_Failure]] = {}
    for start in range(0, len(ids := [name for item in going for name in _ids(item)]), BATCH):
        try:
            answer = asker.ask(
                "ecr",
                "batch_delete_image",
                what=f"images of {repository}",
                hides="images",
                repositoryName=repository,
                imageIds=ids[start : start + BATCH],
            )
        except Unread as unread:
            refused = _Failure("", f"{unread.gap.action}: {unread.gap.reason}")
            for name in ids[start : start + BATCH]:
                failures.setdefault(name["imageDigest"], []).append(refused)
            continue
        deleted |= {name["imageDigest"] for name in answer.get("imageIds") or () if name.get("imageDigest")}
        for failure in answer.get("failures") or ():
            name = failure.get("imageId") or {}
            failures.setdefault(name.get("imageDigest", ""), []).append(_Failure.of(failure))
    done = [_judged(item, deleted, failures) for item in going]
    journal.write(
        "answer", **where, images=[{"digest": item.candidate.image.digest, "state": item.state, "reason": item.reason} for item in done]
    )
    yield from done


def _judged(item: Candidate, deleted: set[str], failures: Mapping[str, Sequence[_Failure]]) -> Done:
    # The last tag takes the image with it, and the names that follow are not found any more.
    own = failures.get(item.image.digest, ())
    refused = [failure.text for failure in own if failure.code != _GONE]
    if refused:
        return Done(candidate=item, state="left", reason=refused[0])
    if item.image.digest in deleted:
        return Done(candidate=item, state="deleted")
    return Done(candidate=item, state="gone" if own else "left", reason="it is gone" if own else "ECR does not say that it was deleted")


def _unanswered(lines: Sequence[str]) -> str:
    """What an earlier run did not see the answer of; empty where it saw all."""
    asked: dict[str, Any] = {}
    for line in lines:
        try:
            event = json.loads(line)
            asked = event if event["event"] == "delete" else {}
        except (ValueError, KeyError, TypeError):
            continue
    return (
        f"a run was interrupted at {asked['time']}: {len(asked['images'])} images of {asked['repository']} may have been deleted"
        if asked
        else ""
    )
