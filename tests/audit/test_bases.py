"""How the base of an image is recognised, and that none is guessed."""

from __future__ import annotations

import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.audit.bases import FoundBase, find_bases
from optimizer.bases.lock import Lock, LockedImage
from optimizer.model.reference import ImageReference
from tests.audit.account import digest
from tests.audit.fake import Fleet, Image

BASE = {"os": 1, "python": 2}
PINNED = digest("image base")
LOCK = Lock(
    images=(
        LockedImage(
            reference=ImageReference.parse("public.ecr.aws/lambda/python:3.13"),
            digest=digest("index"),
            resolved=datetime.date(2026, 11, 1),
            platforms={"amd64": PINNED},
        ),
    )
)
TAG = f"base-{PINNED.removeprefix('sha256:')}"


def bases(*images: Image, lock: Lock = LOCK, mirror: tuple[Image, ...] = ()) -> dict[str, FoundBase]:
    repositories = {"shop": images, "ecr-public/lambda/python": mirror}
    names = {image.digest: image.name for image in (*images, *mirror)}
    return {names[key[2]]: base for key, base in find_bases(Fleet(repositories, {}).read(), lock).items() if key[1] == "shop"}


def test_a_tag_of_publish_and_the_lock_name_it() -> None:
    found = bases(Image("a", {**BASE, "code": 3}, tags=[TAG]))["a"]
    assert (found.digest, str(found.reference), found.sign) == (PINNED, "public.ecr.aws/lambda/python:3.13", "tag")
    assert (found.date, found.current) == (datetime.date(2026, 11, 1), True)
    provided = found.provided
    assert provided is not None and provided.base is not None and provided.base.runtime == "python3.13"


def test_without_the_lock_it_has_a_digest_and_no_name() -> None:
    found = bases(Image("a", {**BASE, "code": 3}, tags=[TAG]), lock=Lock())["a"]
    assert (found.digest, found.reference, found.provided) == (PINNED, None, None)


def test_an_annotation_names_it_by_itself() -> None:
    named = {
        "org.opencontainers.image.base.digest": digest("any"),
        "org.opencontainers.image.base.name": "public.ecr.aws/lambda/nodejs:22.2026.10.02.11",
    }
    found = bases(Image("a", {"x": 1}, annotations=named))["a"]
    assert (str(found.reference), found.date, found.sign) == (
        "public.ecr.aws/lambda/nodejs:22.2026.10.02.11",
        datetime.date(2026, 10, 2),
        "annotation",
    )


def test_what_images_on_one_base_share_tells_others() -> None:
    images = [
        Image("a", {**BASE, "deps": 3, "code a": 4}, tags=[TAG]),
        Image("b", {**BASE, "deps": 3, "code b": 4}, tags=[TAG]),
        Image("c", {**BASE, "deps": 3, "code c": 4}),
        Image("d", {**BASE, "other": 4}),
    ]
    # Nobody knows where the base of a and b ends: d may stand on another that begins alike.
    assert {name: base.sign for name, base in bases(*images).items()} == {"a": "tag", "b": "tag", "c": "layers"}


def test_a_mirror_tells_exactly() -> None:
    mirror = (Image("m", BASE, tags=["3.12"], age_days=40), Image("old", {"os": 1, "old python": 2}, age_days=400))
    found = bases(Image("d", {**BASE, "other": 4}), Image("e", {"os": 1, "old python": 2, "code": 1}), mirror=mirror)
    assert str(found["d"].reference) == "public.ecr.aws/lambda/python:3.12"
    assert (found["d"].current, found["d"].date) == (True, datetime.date(2026, 10, 20))
    assert (found["e"].reference, found["e"].current) == (None, False)


def test_an_index_gives_its_tag_to_its_members() -> None:
    mirror = (Image("m", BASE), Image("whole", members=["m"], tags=["3.12"]))
    assert str(bases(Image("d", {**BASE, "other": 4}), mirror=mirror)["d"].reference) == "public.ecr.aws/lambda/python:3.12"


def test_nothing_is_guessed() -> None:
    assert bases(Image("a", {**BASE, "code": 1}), Image("b", {**BASE, "code": 2})) == {}
    two = [TAG, f"base-{'1' * 64}"]
    assert bases(Image("a", BASE, tags=two)) == {}


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.integers(0, 2), st.integers(0, 2), st.booleans()), min_size=1, max_size=8))
@settings(max_examples=80)
def test_a_base_that_is_told_is_the_true_one(images: list[tuple[str, int, int, bool]]) -> None:
    """Every image is made on a base of two layers, and some say so by a tag: no other base is ever told."""
    made = {
        f"{number}": (
            Image(
                f"{number}",
                {"os": 1, f"runtime {base}": 1, **{f"own {layer}": 1 for layer in range(first, first + count)}},
                tags=[f"base-{digest(base).removeprefix('sha256:')}"] if told else [],
            ),
            base,
        )
        for number, (base, first, count, told) in enumerate(images)
    }
    found = bases(*(image for image, _ in made.values()), lock=Lock())
    assert all(base.digest == digest(made[name][1]) for name, base in found.items())
    assert {name for name, (image, _) in made.items() if image.tags} <= set(found)
