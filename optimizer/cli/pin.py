"""``optimizer pin``: keeps ``optimizer.lock``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from optimizer.adapters.files import replace_file
from optimizer.adapters.kinds import Kind, expect, kind_of
from optimizer.adapters.path_names import SPEC_SUFFIX, is_spec
from optimizer.adapters.walk import walk
from optimizer.bases.catalogue import base_image, check_runtime
from optimizer.bases.lock import Lock, LockedImage
from optimizer.bases.mirror import Mirror
from optimizer.cli.completions import complete_files, complete_runtimes
from optimizer.cli.hook import note_in_hook
from optimizer.cli.options import quiet_option, text_width
from optimizer.cli.pinning import Resolved, Update, resolve_pins, today_in_utc
from optimizer.config.settings import Settings, cdk_output, load_settings
from optimizer.errors import Fault, LockError, OptimizerError, SpecError
from optimizer.model.reference import ImageReference
from optimizer.report.pins import Brought, Pin, PinReport, pins_as_json, pins_as_text
from optimizer.sam.config import DEFAULT_ENVIRONMENT


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An image to pin, and the platforms (``amd64``, ``arm64``) that its pin has to be good for; empty where it is not set."""

    reference: ImageReference
    platforms: frozenset[str] = frozenset()

    def lacking(self, lock: Lock) -> list[str] | None:
        """The platforms that the lock's pin is not good for, sorted; None when the lock has no pin for the reference or another one."""
        image = lock.pinned(self.reference)
        if image is None or self.reference.digest not in (None, image.digest):
            return None
        # An index is good for every platform, as far as anyone knows before a build.
        return [] if image.kind == "index" else sorted(self.platforms - image.platforms.keys())


@click.command(name="pin", short_help="Pin base and builder images by digest in optimizer.lock.")
@click.argument("specs", nargs=-1, metavar="[SPEC|ASSEMBLY|TEMPLATE]...", shell_complete=complete_files)
@click.option(
    "--image",
    "images",
    shell_complete=complete_runtimes,
    multiple=True,
    metavar="REFERENCE|RUNTIME",
    help="Pin this image too, or the base image of this runtime. Repeatable.",
)
@click.option("--update", is_flag=True, help="Resolve images again that are already pinned.")
@click.option("--check", is_flag=True, help="Offline: list missing and old pins; exit with 1 if there is one.")
@click.option(
    "--max-age",
    type=click.IntRange(min=0),
    metavar="DAYS",
    help="With --check: the oldest a pin may be. Without it, age is not checked.",
)
@click.option(
    "--min-age",
    type=click.IntRange(min=0),
    metavar="DAYS",
    help="With --update: keep a pin while the image that would take its place was made later than so many days ago.",
)
@quiet_option()
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True, help="How pins are reported.")
@click.option(
    "--lock",
    "lock_option",
    metavar="PATH",
    help="The lock.  [default: optimizer:lock of cdk.json, lock of optimizer.toml, or optimizer.lock here or in the root]",
)
@click.option(
    "--mirror",
    metavar="HOST[/PREFIX]",
    help="Resolve through this registry mirror; the lock keeps upstream names.  [default: optimizer:mirror of cdk.json, or mirror of optimizer.toml]",
)
@click.pass_context
def command(
    context: click.Context,
    specs: tuple[str, ...],
    images: tuple[str, ...],
    update: bool,
    check: bool,
    max_age: int | None,
    min_age: int | None,
    form: str,
    lock_option: str | None,
    mirror: str | None,
) -> None:
    """Pin images by digest in optimizer.lock.

    Pins every image that the builds of the given specs (*.image.toml), of the
    functions of synthesized CDK apps (cdk.out) and of the specs that functions
    of SAM templates name need, and every --image.
    Without any of them: the specs under the current directory, the app that was
    last synthesized there, and all images in the lock. Existing pins are kept,
    unless --update is given.

    A synthesis that failed for missing pins leaves an assembly that lists
    them, so "optimizer pin cdk.out" pins all that the app needs. The app itself
    is not run.

    Registries are asked over HTTP, without a container engine, with the logins
    that Docker has; private Amazon ECR registries with your AWS credentials.
    When one image cannot be resolved, nothing is written.

    Of AWS's base images of Python and Node.js, the exact versions of Python,
    and of Node.js and npm, are recorded too, which decide the layers of packages
    and byte-code: the base's layers are read until they are found, of images
    that are pinned already where the lock lacks them.

    \b
    Examples:
      optimizer pin
      optimizer pin --image python3.13
      optimizer pin --check --max-age 30
    """
    if check and update:
        raise click.UsageError("--check works offline, so it cannot be combined with --update")
    if max_age is not None and not check:
        raise click.UsageError("--max-age needs --check")
    if min_age is not None and not update:
        raise click.UsageError("--min-age needs --update")
    if check and form != "text":
        raise click.UsageError("--check has no other format: it prints a line for each pin that is missing or old")
    expect("pin", specs, besides=(Kind.MISSING,))
    settings = load_settings(".", lock=lock_option)
    path = settings.lock
    lock = settings.load_lock()
    named = bool(specs or images)
    wanted = _references(specs if named else (*_found_specs(), *_found_assembly()), images, settings)
    if not named:
        wanted = _merged(wanted, (_Wanted(image.reference) for image in lock.images))
    if not wanted and named:
        raise LockError(
            f"nothing to pin: {', '.join(specs)} holds no function that is described by a spec",
            hint="synthesize the app again, or name an image, for example: optimizer pin --image python3.13",
        )
    if not wanted:
        raise LockError(
            f'nothing to pin: no "*.image.toml" under the current directory, and no image in the lock "{path}"',
            hint="name an image, for example: optimizer pin --image python3.13",
        )
    if check:
        context.exit(_check(path, lock, wanted, max_age))
    found = _pin(lock, wanted, update, Mirror.parse(mirror) if mirror is not None else settings.mirror, min_age)
    changed = found.lock != lock or not path.exists()
    if changed:
        replace_file(path, found.lock.render(), "the lock", LockError)
    click.echo(pins_as_json(found) if form == "json" else pins_as_text(found, text_width()), nl=False)
    held = [pin for pin in found.pins if pin.change == "held"]
    for pin in held:
        click.echo(f"kept {pin.image.reference}: its new image is too new to take: {pin.held}", err=True)
    kept = sum(pin.change == "kept" for pin in found.pins)
    if kept:
        click.echo(f"kept {kept} {_images(kept)} pinned already; --update resolves them again", err=True)
    click.echo(f"wrote {path}" if changed else f"{path} is unchanged", err=True)


def _check(path: Path, lock: Lock, wanted: Sequence[_Wanted], max_age: int | None) -> int:
    """The exit code, after printing one line per finding."""
    today = today_in_utc()
    lacking = {item: item.lacking(lock) for item in wanted}
    missing = [item.reference for item, platforms in lacking.items() if platforms is None]
    foreign = {item.reference: platforms for item, platforms in lacking.items() if platforms}
    meant = {item.reference.tagged for item in wanted}
    old = [] if max_age is None else [image for image in lock.older_than(today, max_age) if image.reference.tagged in meant]
    for reference in missing:
        click.echo(f"{reference}  is not pinned")
    for reference, platforms in foreign.items():
        click.echo(f"{reference}  is not pinned for {', '.join(platforms)}")
    for image in old:
        age = (today - image.resolved).days
        click.echo(f"{image.reference}  was resolved {age} days ago, on {image.resolved}; allowed: {max_age}")
    hints = [f"optimizer pin {_options(missing)}"] if missing else []
    again = dict.fromkeys([*foreign, *(image.reference for image in old)])
    if again:
        hints.append(f"optimizer pin --update {_options(again)}")
    for hint in hints:
        click.echo(f"hint: {hint}", err=True)
    note_in_hook(hints)
    if hints:
        return 1
    click.echo(f"{path.name}: {len(meant)} {_images(len(meant))} checked, all pinned", err=True)
    return 0


def _options(references: Iterable[ImageReference]) -> str:
    return " ".join(f"--image {reference}" for reference in references)


def _pin(lock: Lock, wanted: Sequence[_Wanted], update: bool, mirror: Mirror, min_age: int | None) -> PinReport:
    kept = [item.reference for item in wanted if not update and item.lacking(lock) == []]
    due = [item.reference for item in wanted if item.reference not in kept]
    lacking = [image for image in map(lock.pinned, kept) if image is not None and image.lacks_programs]
    resolved = resolve_pins(due, lacking, mirror, before=lock, min_age=min_age) if due or lacking else Resolved()
    after = lock.with_images([*resolved.images, *resolved.completed])
    updates = {item.old.reference.tagged: item for item in resolved.updates}
    pins = [_pin_of(image, lock.pinned(image.reference), updates.get(image.reference.tagged)) for image in resolved.images]
    pins += [Pin(image=image, change="kept") for image in map(after.pinned, kept) if image is not None]
    return PinReport(lock=after, pins=tuple(sorted(pins, key=lambda pin: pin.image.reference.tagged)))


def _pin_of(image: LockedImage, old: LockedImage | None, update: Update | None) -> Pin:
    if old is None:
        return Pin(image=image, change="added")
    if update is None:
        return Pin(image=image, change="unchanged")
    contents = {
        architecture: Brought(
            made=after.made,
            size=after.size,
            old_size=before.size if before else None,
            new_bytes=after.new_bytes(before) if before else None,
        )
        for architecture, after in update.after.items()
        for before in (update.before.get(architecture),)
    }
    return Pin(image=image, change="held" if update.held else "updated", old=old, new=update.new, brings=contents, held=update.held)


def _merged(first: Iterable[_Wanted], second: Iterable[_Wanted]) -> tuple[_Wanted, ...]:
    """Each reference once, by its tag; those of ``first`` win."""
    found = {item.reference.tagged: item for item in first}
    for item in second:
        found.setdefault(item.reference.tagged, item)
    return tuple(found.values())


def _found_assembly() -> tuple[str, ...]:
    """The directory that ``cdk synth`` writes in the current one, when it has written it."""
    directory = cdk_output(".")
    return (directory,) if os.path.isfile(os.path.join(directory, "manifest.json")) else ()


def _found_specs() -> tuple[str, ...]:
    """The ``*.image.toml`` under the current directory, sorted, without what tools install or write."""
    return tuple(sorted(map(os.path.normpath, walk(".", is_spec))))


def _references(specs: Iterable[str], images: Iterable[str], settings: Settings) -> tuple[_Wanted, ...]:
    """The images that the specs, assemblies and ``--image`` options need or name, each once, in order.

    Raises SpecError with the faults of all of them.
    """
    found: dict[str, _Wanted] = {}
    faults: list[Fault] = []
    readers = [*(partial(_named, name, settings) for name in specs), *(partial(_references_of_image, name) for name in images)]
    for read in readers:
        try:
            for item in read():
                before = found.get(item.reference.tagged, item)
                if before.reference.digest != item.reference.digest:
                    raise SpecError(f'"{item.reference.tagged}" is given with two digests', hint="name it once")
                found[item.reference.tagged] = _Wanted(item.reference, before.platforms | item.platforms)
        except OptimizerError as error:
            faults.extend(error.faults)
    if faults:
        raise SpecError(faults)
    return tuple(found.values())


def _named(name: str, settings: Settings) -> tuple[_Wanted, ...]:
    if kind_of(name) is Kind.TEMPLATE:
        return _references_of_template(name, settings)
    if not os.path.isdir(name):
        return _references_of_spec(name, settings)
    # Imported here: templates need a reader of YAML.
    from optimizer.adapters.assembly import required_images

    images = required_images(name)
    for image in images:
        _check_tag(image.reference)
    return tuple(_Wanted(image.reference, frozenset({image.platform})) for image in images)


def _references_of_template(name: str, settings: Settings) -> tuple[_Wanted, ...]:
    # Imported here: templates need a reader of YAML.
    from optimizer.adapters.sam_project import load_sam_project

    project = load_sam_project(name, DEFAULT_ENVIRONMENT, settings.mirror, {})
    if not project.specs:
        raise SpecError(
            "nothing to pin: no function names a specification", name, f"name one as ImageSpec in its Metadata; see: optimizer sam {name}"
        )
    found: list[_Wanted] = []
    faults: list[Fault] = []
    for spec in project.specs:
        try:
            if spec.exists():
                found += _references_of_spec(str(spec), settings)
            else:
                faults += project.missing(spec)
        except OptimizerError as error:
            faults += error.faults
    if faults:
        raise SpecError(faults)
    return tuple(found)


def _references_of_spec(name: str, settings: Settings) -> tuple[_Wanted, ...]:
    if not name.endswith(".toml"):
        raise SpecError(
            f'"{name}" is not a spec file; allowed: *{SPEC_SUFFIX}, or the directory of a synthesized app',
            hint=f"for an image or a runtime: optimizer pin --image {name}",
        )
    # Imported here: most calls name no spec.
    from optimizer.model.architectures import BY_NAME
    from optimizer.model.spec import ImageSpec
    from optimizer.planning.defaults import with_defaults
    from optimizer.planning.plan import required_images

    spec = with_defaults(ImageSpec.load(name), settings.defaults)
    try:
        references = required_images(spec, settings.tools)
        for reference in references:
            _check_tag(reference)
    except OptimizerError as error:
        # What load() raises is placed in the file already; this is not.
        raise SpecError([Fault(fault.message, f"{name}: {fault.place}".removesuffix(": "), fault.hint) for fault in error.faults]) from None
    return tuple(_Wanted(reference, frozenset({BY_NAME[spec.architecture].oci})) for reference in references)


def _references_of_image(name: str) -> tuple[_Wanted, ...]:
    try:
        if "/" not in name:
            base = base_image(name)
            # Naming a preview or retired runtime here allows it: pinning uses nothing yet.
            for warning in check_runtime(base, frozenset({name}))[1]:
                click.echo(f"warning: {warning}", err=True)
            return (_Wanted(base.reference),)
        reference = ImageReference.parse(name)
        _check_tag(reference)
    except SpecError as error:
        raise SpecError([Fault(fault.message, "--image", fault.hint) for fault in error.faults]) from None
    return (_Wanted(reference),)


def _check_tag(reference: ImageReference) -> None:
    if reference.tag is None:
        raise SpecError(
            f'"{reference}" has no tag; allowed: registry/repository:tag[@digest]', hint=f'for example "{reference.name}:latest"'
        )


def _images(count: int) -> str:
    return "image" if count == 1 else "images"
