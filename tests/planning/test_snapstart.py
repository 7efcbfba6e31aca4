"""What a specification promises about SnapStart, and what of it is in the image."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from optimizer import ImageSpec, Lock, Profile, plan, render
from optimizer.bases.catalogue import base_image, runtimes
from optimizer.bases.features import support
from optimizer.bases.lock import LockedImage
from optimizer.errors import SpecError
from optimizer.model.snapstart import ALLOW, HOOKS, HOOKS_LABEL, LABEL, NO_HOOKS, promise

HOUSE = "registry.example.com/house/python:3.13"
DIGEST = "sha256:" + "7" * 64


def lock() -> Lock:
    day = datetime.date(2026, 11, 1)
    references = [base_image(runtime).reference for runtime in runtimes()]
    house = ImageSpec(runtime="python3.13", base=HOUSE).base
    assert house is not None
    return Lock().with_images([LockedImage(reference=item, digest=DIGEST, resolved=day) for item in (*references, house)])


def made(runtime: str, tmp_path: Path, profile: Profile = Profile.BUILDKIT, **known: object) -> tuple[dict[str, str], str]:
    """The labels and the Dockerfile of an image."""
    found = plan(ImageSpec(runtime=runtime, allow=[runtime], **known), lock(), root=tmp_path)  # type: ignore[arg-type]
    return dict(found.labels), render(found, profile)


@pytest.mark.parametrize("runtime", runtimes())
def test_the_label_is_written_where_the_base_asks_for_it(runtime: str, tmp_path: Path) -> None:
    """Requirement: "the image gets the label where its base needs it ...; AWS's Java, Python and .NET bases of the versions that need
    nothing get nothing"."""
    labels, text = made(runtime, tmp_path, snapstart=NO_HOOKS)
    if support(base_image(runtime), "snapstart").answer == "works":
        assert (labels, text) == made(runtime, tmp_path)
    else:
        assert labels == {LABEL: ALLOW}
        assert f'\nLABEL {LABEL}="{ALLOW}"\n' in text


@pytest.mark.parametrize("profile", Profile, ids=lambda profile: profile.value)
def test_the_label_stands_in_the_final_stage(profile: Profile, tmp_path: Path) -> None:
    _, text = made("ruby3.4", tmp_path, profile, snapstart=NO_HOOKS, labels={"team": "orders"})
    assert text.rpartition("\nFROM ")[2].splitlines()[1:] == [f'LABEL {LABEL}="{ALLOW}" \\', '    team="orders"']


def test_with_hooks_the_restore_protocol_is_the_declaration(tmp_path: Path) -> None:
    """The page of AWS: option 1 is the protocol, option 2 the label "if you don't need these hooks"."""
    labels, _ = made("nodejs22.x", tmp_path, snapstart=HOOKS)
    assert labels == {HOOKS_LABEL: HOOKS}
    assert made("python3.13", tmp_path, snapstart=HOOKS) == made("python3.13", tmp_path)


def test_without_a_promise_nothing_is_written(tmp_path: Path) -> None:
    labels, text = made("nodejs22.x", tmp_path)
    assert labels == {}
    assert "LABEL" not in text


def test_of_a_base_of_ones_own_it_is_unknown_whether_it_needs_the_label(tmp_path: Path) -> None:
    assert made("python3.13", tmp_path, base=HOUSE)[0] == {}
    assert made("python3.13", tmp_path, base=HOUSE, snapstart=NO_HOOKS)[0] == {LABEL: ALLOW}


@pytest.mark.parametrize("name", [LABEL, HOOKS_LABEL])
def test_the_labels_are_not_written_by_hand(name: str) -> None:
    """Requirement: "design the words so that nobody switches it on without having read why"."""
    with pytest.raises(SpecError) as raised:
        ImageSpec(runtime="nodejs22.x", labels={name: "Allow"})
    (fault,) = raised.value.faults
    assert fault.place == f'labels["{name}"]'
    assert "docs/snapstart.md" in fault.hint


@pytest.mark.parametrize("value", [True, "yes", "Hooks", "", 1])
def test_a_wrong_word_names_the_page(value: object) -> None:
    with pytest.raises(SpecError) as raised:
        ImageSpec(runtime="nodejs22.x", snapstart=value)  # type: ignore[arg-type]
    (fault,) = raised.value.faults
    assert (fault.place, "allowed: hooks, no-hooks" in fault.message, "docs/snapstart.md" in fault.hint) == ("snapstart", True, True)


def test_it_survives_being_written_and_read() -> None:
    spec = ImageSpec(runtime="nodejs22.x", snapstart=NO_HOOKS)
    assert spec.to_dict()["snapstart"] == NO_HOOKS
    assert ImageSpec.from_dict(spec.to_dict()) == spec
    assert "snapstart" not in ImageSpec(runtime="nodejs22.x").to_dict()


@pytest.mark.parametrize(
    ("labels", "word"),
    [
        ({}, ""),
        ({LABEL: "Allow"}, NO_HOOKS),
        ({LABEL: "allow"}, ""),
        ({LABEL: None}, ""),
        ({HOOKS_LABEL: "hooks"}, HOOKS),
        ({"a": "Allow"}, ""),
    ],
)
def test_what_the_labels_of_an_image_promise(labels: dict[str, str | None], word: str) -> None:
    assert promise(labels) == word
