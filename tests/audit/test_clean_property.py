"""No image in use is ever deleted, on thousands of generated accounts that go on changing."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimizer.adapters.aws.asking import Asker
from optimizer.adapters.aws.cleaning import Done, Journal, clean
from optimizer.adapters.aws.reading import read_inventory
from optimizer.audit.cleaning import CleaningPlan, OtherUsers, plan_cleaning
from tests.audit.fake import NOW, PLACE, Ecr, Fleet, Image, Lambda
from tests.audit.test_figures import fleets

DAYS = 30
Version = tuple[str, str]
"""Repository and image of a version."""


@dataclass
class Deleting(Ecr):
    """Amazon ECR, which also deletes."""

    fleet: Fleet
    deleted: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.fleet)

    def batch_delete_image(self, *, repositoryName: str, imageIds: Sequence[Mapping[str, str]]) -> Any:
        """The last tag of an image takes it along; a tag with another digest is refused, and so is a member of an index."""
        held = {image.digest: image for image in self.fleet.repositories[repositoryName]}
        answer: dict[str, list[Any]] = {"imageIds": [], "failures": []}
        for name in imageIds:
            image = held.get(name["imageDigest"])
            tag = name.get("imageTag")
            code = self._refused(image, tag, held)
            if code or image is None:
                answer["failures"].append({"imageId": dict(name), "failureCode": code})
                continue
            image.tags = [other for other in image.tags if other != tag]
            answer["imageIds"].append(dict(name))
            if tag is None or not image.tags:
                del held[image.digest]
                self.deleted.append((repositoryName, image.name))
        self.fleet.repositories[repositoryName][:] = held.values()  # type: ignore[index]
        return answer

    def _refused(self, image: Image | None, tag: str | None, held: Mapping[str, Image]) -> str:
        if image is None:
            return "ImageNotFound"
        if tag is not None and tag not in image.tags:
            return "ImageTagDoesNotMatchDigest"
        if any(image.name in other.members for other in held.values()):
            return "ImageReferencedByManifestList"
        return ""


@dataclass
class Account:
    """A fleet, and what happens in it after the plan: versions of new functions, and tags for images."""

    fleet: Fleet
    published: Sequence[Version]
    tagged: Sequence[Version]

    @property
    def used(self) -> set[Version]:
        """Every image that a version runs, and the members of used indexes."""
        direct = {version for versions in self.fleet.functions.values() for version in versions.values()}
        return direct | {
            (repository, member)
            for repository, images in self.fleet.repositories.items()
            for image in images
            if (repository, image.name) in direct
            for member in image.members
        }

    def go_on(self) -> None:
        functions = dict(self.fleet.functions)
        functions.update({f"new {number}": {"$LATEST": version, "1": version} for number, version in enumerate(self.published)})
        self.fleet.functions = functions
        for images, image in ((self.fleet.repositories[name], image) for name, image in self.tagged):
            next(item for item in images if item.name == image).tags = ["moved here"]


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    fleet = draw(fleets())
    every = [(name, image.name) for name, images in fleet.repositories.items() for image in images]
    for images in fleet.repositories.values():
        for image in images:
            image.tags = [f"{image.name} {number}".replace(" ", "-") for number in range(draw(st.integers(0, 3)))]
    chosen = st.lists(st.sampled_from(every), max_size=4) if every else st.just([])
    return Account(fleet, draw(chosen), draw(chosen))


def planned(fleet: Fleet, ecr: Ecr) -> tuple[list[Asker], CleaningPlan]:
    askers = [Asker(PLACE, {"ecr": ecr, "lambda": Lambda(fleet)})]
    inventory = read_inventory(askers, lambda event: None)
    return askers, plan_cleaning(inventory, OtherUsers(repositories={}), now=NOW, older_than=DAYS, repositories=fleet.repositories)


def cleaned(askers: Sequence[Asker], plan: CleaningPlan, path: Path) -> list[Done]:
    path.unlink(missing_ok=True)
    journal = Journal(path)
    try:
        return list(clean(askers, plan.candidates, journal))
    finally:
        journal.close()


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal; thousands of them need not reach the disk."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    return tmp_path / "journal"


@given(accounts())
@settings(max_examples=2000, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_no_image_in_use_is_ever_deleted(memory: Path, account: Account) -> None:
    """Requirement: "Zero deletions of a used image over thousands of randomised accounts …, versions published between plan and apply included"."""
    ecr = Deleting(account.fleet)
    before = {(name, image.name): image for name, images in account.fleet.repositories.items() for image in images}
    tagged = {(name, image): list(before[name, image].tags) for name, image in account.tagged}
    askers, plan = planned(account.fleet, ecr)
    account.go_on()
    done = cleaned(askers, plan, memory)
    deleted = set(ecr.deleted)
    assert not deleted & account.used
    assert not deleted & {name for name, tags in tagged.items() if tags != ["moved here"]}
    assert all(before[name].age_days >= DAYS and not before[name].archived for name in deleted)
    assert {(item.candidate.repository, item.candidate.image.digest) for item in done if item.state == "deleted"} == {
        (name, before[name, image].digest) for name, image in deleted
    }


@given(accounts())
@settings(max_examples=300)
def test_the_plan_is_that_of_a_brute_force_look(account: Account) -> None:
    """Everything that is old, unused and in no index goes, and nothing else."""
    fleet = account.fleet
    _, plan = planned(fleet, Ecr(fleet))
    expected = set()
    for name, images in fleet.repositories.items():
        members = {member for image in images for member in image.members}
        for image in images:
            of_used = any((name, member) in account.used for member in image.members)
            if (name, image.name) not in account.used and image.name not in members and not of_used and image.age_days >= DAYS:
                expected.add((name, image.digest))
    assert {(item.repository, item.image.digest) for item in plan.candidates} == expected
    whole = sum(len(images) for images in fleet.repositories.values())
    assert len(plan.candidates) + len(plan.kept) == whole
    stay = {name: [image for image in images if (name, image.digest) not in expected] for name, images in fleet.repositories.items()}

    def stored(images: Sequence[Image]) -> int:
        return sum(
            {blob: size for image in images if not image.members for blob, size in {**image.layers, image.config: 100}.items()}.values()
        )

    assert plan.freed == sum(stored(images) - stored(stay[name]) for name, images in fleet.repositories.items())


def test_a_used_repository_elsewhere_changes_nothing() -> None:
    """The same digest in another repository is another image: what runs there keeps nothing here."""
    image = Image("same", {"layer": 10}, age_days=90)
    fleet = Fleet({"one": [image], "two": [replace(image)]}, {"function": {"$LATEST": ("one", "same")}})
    _, plan = planned(fleet, Ecr(fleet))
    assert [item.repository for item in plan.candidates] == ["two"]
