"""The figures of an audit against a count of everything by hand, on generated accounts."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.audit.audit import audit
from optimizer.audit.usage import Usage
from tests.audit.fake import NOW, PLACE, Fleet, Image

SIZES = {f"layer {number}": 10**number for number in range(6)}
NAMES = ("one", "two", "three", "four/five")


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    repositories: dict[str, list[Image]] = {}
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1)):
        images = []
        for number in range(draw(st.integers(0, 5))):
            # One image may lie in several repositories, and differ in nothing there.
            shared = draw(st.booleans())
            layers = draw(st.lists(st.sampled_from([*SIZES]), unique=True, min_size=1)) if not shared else ["layer 0", "layer 3"]
            title = f"shared {number}" if shared else f"{name} {number}"
            images.append(Image(title, {layer: SIZES[layer] for layer in layers}, age_days=draw(st.integers(0, 500))))
        if len(images) > 1 and draw(st.booleans()):
            images.append(Image(f"{name} index", members=[images[0].name, images[1].name]))
        repositories[name] = images
    every = [(name, image.name) for name, images in repositories.items() for image in images]
    places = st.sampled_from([*every, ("one", "lost"), ("nowhere", "lost")])
    functions = {
        f"function {number}{draw(st.sampled_from(['', ' snap']))}": {
            version: draw(places) for version in ["$LATEST", *map(str, range(1, draw(st.integers(1, 4))))]
        }
        for number in range(draw(st.integers(0, 5)))
    }
    return Fleet(repositories, functions, page=draw(st.integers(1, 4)))


@given(fleets())
@settings(max_examples=150)
def test_figures_are_those_of_a_brute_force_count(fleet: Fleet) -> None:
    """Requirement: "figures equal to a brute-force count"."""
    inventory = fleet.read()
    found = audit(inventory, now=NOW)
    (place,) = found.storage
    usage = Usage(inventory)
    used = {(repository, image) for versions in fleet.functions.values() for repository, image in versions.values()}

    def blobs(image: Image) -> dict[str, int]:
        return {} if image.members else {**image.layers, image.config: 100}

    for repository, images in fleet.repositories.items():
        members = {name for image in images if (repository, image.name) in used for name in image.members}
        held = place.repositories[repository]
        whole = [image for image in images if not image.members]
        every = {blob: size for image in whole for blob, size in blobs(image).items()}
        having = {blob: [image.name for image in whole if blob in blobs(image)] for blob in every}
        others = {blob for other, theirs in fleet.repositories.items() if other != repository for image in theirs for blob in blobs(image)}
        idle = [image for image in images if (repository, image.name) not in used and image.name not in members]
        busy = {blob for image in whole if image not in idle for blob in blobs(image)}
        assert held.images == len(whole)
        assert held.stored == sum(every.values())
        assert held.whole == sum(sum(blobs(image).values()) for image in whole)
        assert held.unique == sum(size for blob, size in every.items() if len(having[blob]) == 1)
        assert held.shared == held.stored - held.unique
        assert held.elsewhere == sum(size for blob, size in every.items() if blob in others)
        assert held.unused == len([image for image in idle if not image.members])
        assert held.unused_bytes == sum(size for blob, size in every.items() if blob not in busy)
        listed = {item.image.digest for item in found.unused if item.repository.name == repository}
        assert listed == {image.digest for image in idle}

    total = {blob: size for images in fleet.repositories.values() for image in images for blob, size in blobs(image).items()}
    assert place.together.one == sum(total.values())
    assert place.together.stored == sum(item.stored for item in place.repositories.values())
    states = {
        (function, version): (
            "gone"
            if image not in {item.name for item in fleet.repositories.get(repository, [])}
            else "index"
            if any(item.members for item in fleet.repositories[repository] if item.name == image)
            else "there"
        )
        for function, versions in fleet.functions.items()
        for version, (repository, image) in versions.items()
    }
    assert {
        (item.version.function, item.version.version): item.state for function in found.functions for item in function.versions
    } == states
    assert sum(group.used + group.unused for group in found.ages) == sum(map(len, fleet.repositories.values()))
    assert sum(function.snapshots for function in found.functions) == sum(
        version != "$LATEST" for name, versions in fleet.functions.items() if name.endswith("snap") for version in versions
    )
    assert all(not usage.doubt(repository) for repository in inventory.repositories)
    for pair in place.overlaps:
        first, second = ({blob for image in fleet.repositories[name] for blob in blobs(image)} for name in (pair.first, pair.second))
        assert pair.size == sum(total[blob] for blob in first & second) > 0
    assert place.place == PLACE


def test_a_snapshot_costs_what_the_sheet_says() -> None:
    """Requirement: "versions kept and what they cost"; 1,769 MB kept all month cost 6.7 to 6.9 dollars."""
    fleet = Fleet({"one": [Image("a")]}, {"a snap": {"$LATEST": ("one", "a"), "1": ("one", "a"), "2": ("one", "a")}})
    (function,) = audit(fleet.read(), now=NOW).functions
    assert function.snapshots == 2
    assert 2 * 6.7 < function.snapshot_cost < 2 * 6.9
