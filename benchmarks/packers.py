"""Ways to pack the packages of images into layers, with the published rules of other tools among them.

A way is asked before each deployment of a history, with the images as they
are to be deployed, and answers with the layers of each.  What it knows is the
past and those images.  The rules of other tools look at one image at a time.
"""

from __future__ import annotations

import datetime
import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cache

from benchmarks.histories import History, Image

Layers = list[list[str]]
"""The layers of an image, as the names of what stands in each; nothing is left out."""

Packer = Callable[[datetime.date, Mapping[str, Image]], Mapping[str, Layers]]
"""From a date and its images to the layers of each of them, by its name."""

PackOne = Callable[[datetime.date, Image], Layers]


def each(pack: PackOne) -> Packer:
    """The same for every image."""
    return lambda date, images: {name: pack(date, image) for name, image in images.items()}


def one_layer(history: History, budget: int) -> Packer:
    return each(lambda date, image: [list(image)])


def layer_per_package(history: History, budget: int) -> Packer:
    """What no image may have: more layers than an image can have."""
    return each(lambda date, image: [[name] for name in image])


def biggest_once(history: History, budget: int) -> Packer:
    """The biggest packages alone as they were at first, and the rest together."""
    chosen: dict[str, list[str]] = {}

    def packer(date: datetime.date, images: Mapping[str, Image]) -> Mapping[str, Layers]:
        for name, image in images.items():
            chosen.setdefault(name, _by_size(image)[: budget - 1])
        return {name: completed([[package] for package in chosen[name]], image) for name, image in images.items()}

    return packer


def balanced(history: History, budget: int) -> Packer:
    """Greedy by size: the biggest first, each into the layer that has the fewest bytes."""

    def pack(date: datetime.date, image: Image) -> Layers:
        layers: Layers = [[] for _ in range(budget)]
        sizes = [0] * budget
        for name in _by_size(image):
            lightest = sizes.index(min(sizes))
            layers[lightest].append(name)
            sizes[lightest] += image[name].size
        return layers

    return each(pack)


def apko(history: History, budget: int) -> Packer:
    """apko's ``origin`` strategy, where a package of a language is a group of its own: the biggest alone, those over the budget together.

    https://github.com/chainguard-dev/apko/blob/001c70e7b9f5b6870837c5c84027e7400b000c68/pkg/build/layers.go
    """

    def pack(date: datetime.date, image: Image) -> Layers:
        names = _by_size(image)
        if len(names) <= budget:
            return [[name] for name in names]
        return [*([name] for name in names[: budget - 1]), names[budget - 1 :]]

    return each(pack)


def nix(history: History, budget: int) -> Packer:
    """The popularity contest of Nixpkgs' ``dockerTools``: what is referenced most, by most ways, alone; the rest together.

    https://github.com/NixOS/nixpkgs/blob/0137840114d1444c766db37c01e96258e4edf5fb/pkgs/build-support/references-by-popularity/closure-graph.py
    A package that refers to itself by a detour, which no store has, is not followed a second time.
    """

    def pack(date: datetime.date, image: Image) -> Layers:
        names = _by_popularity({name: [other for other in history.references.get(name, ()) if other in image] for name in image})
        if len(names) <= budget:
            return [[name] for name in names]
        return [*([name] for name in names[: budget - 1]), names[budget - 1 :]]

    return each(pack)


def _by_popularity(references: Mapping[str, list[str]]) -> list[str]:
    entered: set[str] = set()
    acyclic: dict[str, list[str]] = {}

    def follow(name: str, above: frozenset[str]) -> None:
        if name in entered:
            return
        entered.add(name)
        acyclic[name] = [other for other in references[name] if other not in above]
        for other in acyclic[name]:
            follow(other, above | {other})

    referenced = {other for others in references.values() for other in others}
    roots = [name for name in sorted(references) if name not in referenced]
    for name in [*roots, *sorted(references)]:
        follow(name, frozenset((name,)))

    @cache
    def below(name: str) -> Counter[str]:
        return contest(tuple(acyclic[name]))

    def contest(names: tuple[str, ...]) -> Counter[str]:
        found: Counter[str] = Counter()
        for name in names:
            found[name] += 1
            for other, popularity in below(name).items():
                found[other] += popularity + 1
        return found

    popularity = contest(tuple(roots))
    return sorted(references, key=lambda name: (-popularity[name], name))


def chunkah(history: History, budget: int) -> Packer:
    """chunkah: what is big for its image alone, the rest in three tiers of stability, by a hash of the name in each.

    https://github.com/coreos/chunkah/blob/4c8abc389c27fe6d57c082f6817f70b723d995a5/src/packing.rs and its ``utils.rs``.
    The changes that a package's changelog has there are the days on which its version changed here.
    """
    begin = history.deployments[0].date
    days: dict[str, set[datetime.date]] = defaultdict(set)
    versions: dict[tuple[str, str], str] = {}

    def stability(name: str, date: datetime.date) -> float:
        window = date - datetime.timedelta(days=365)
        recent = [day for day in days[name] if day >= window]
        if not recent:
            return 0.99
        span = (date - min(recent)).days
        return math.exp(-7 * len(recent) / span) if span else 0.0

    def pack(date: datetime.date, image: Image) -> Layers:
        names = sorted(image)
        if len(names) <= budget:
            return [[name] for name in names]
        median = statistics.median(image[name].size for name in names)
        spread = statistics.median(abs(image[name].size - median) for name in names)
        limit = median + 1.5 * (median if spread < median / 100 else spread)
        big = [name for name in _by_size(image) if image[name].size >= limit]
        big = big[: int((budget - (len(big) < len(names))) * 0.8)]
        rest = sorted(image.keys() - set(big))
        return [*([name] for name in big), *_tiers({name: stability(name, date) for name in rest}, image, budget - len(big))]

    def packer(date: datetime.date, images: Mapping[str, Image]) -> Mapping[str, Layers]:
        for member, image in images.items():
            for name, package in image.items():
                if versions.get((member, name), package.version) != package.version and date > begin:
                    days[name].add(date)
                versions[member, name] = package.version
        return {name: pack(date, image) for name, image in images.items()}

    return packer


def _tiers(stabilities: Mapping[str, float], image: Image, budget: int) -> Layers:
    if len(stabilities) <= budget:
        return [[name] for name in stabilities]
    mean, deviation = statistics.fmean(stabilities.values()), statistics.pstdev(stabilities.values())
    high = [name for name, value in stabilities.items() if value >= mean + deviation]
    low = [name for name, value in stabilities.items() if value <= mean - deviation and name not in high]
    middle = [name for name in stabilities if name not in {*high, *low}]
    tiers = [tier for tier in (high, middle, low) if tier]
    if budget < len(tiers):
        return _bins(list(stabilities), image, budget)
    layers: Layers = []
    for position, tier in enumerate(tiers):
        left, later = budget - len(layers), len(tiers) - position - 1
        share = max(1, math.floor(len(tier) / len(stabilities) * budget + 0.5))
        layers += _bins(tier, image, min(share, left - later) if later else left)
    return layers


def _bins(names: list[str], image: Image, count: int) -> Layers:
    bins: Layers = [[] for _ in range(count)]
    for name in names:
        bins[_fnv(name.encode() + b"\xff") % count].append(name)
    for empty in [number for number, each in enumerate(bins) if not each][::-1]:
        many = [name for each in bins if len(each) > 1 for name in each]
        if not many:
            break
        biggest = max(many, key=lambda name: image[name].size)
        for each in bins:
            if biggest in each:
                each.remove(biggest)
        bins[empty].append(biggest)
    return [each for each in bins if each]


def _fnv(data: bytes) -> int:
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def completed(groups: Iterable[Iterable[str]], image: Image) -> Layers:
    """The layers of an image: what each group has of it, and one of what no group names."""
    layers = [[name for name in group if name in image] for group in groups]
    named = {name for layer in layers for name in layer}
    return [layer for layer in [*layers, [name for name in image if name not in named]] if layer]


def _by_size(image: Image) -> list[str]:
    return sorted(image, key=lambda name: (-image[name].size, name))
