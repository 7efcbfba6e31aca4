"""How SAM CLI builds what a template declares, and what can be wrong with a declaration that can be read."""

from __future__ import annotations

import enum


class SamBuilder(enum.Enum):
    """What builds the images of a template.

    SAM CLI asks the engine for its classic builder, and for BuildKit with
    ``use_buildkit``; it is unknown where its configuration cannot be read.
    """

    CLASSIC = "classic"
    BUILDKIT = "buildkit"
    UNKNOWN = "unknown"


class TemplateFaultKind(enum.Enum):
    """What SAM CLI, or Lambda, does with such a declaration."""

    MISREAD = "a value of a build is read otherwise than it is written"
    NOT_BUILT = "nothing is built, and that succeeds"
    REFUSED = "the template is refused"
    IN_LOOP = "the image is built, and the template does not get its name"
    NEEDS_BUILDKIT = "a setting of the build is left out by the default builder"
    RUNTIME_NOT_NAMED = "a function names no version of a customer-managed runtime"
    RUNTIME_IMAGE = "a version of a runtime has no image that Lambda takes"
    RUNTIME_NOT_RETAINED = "functions fail when a runtime is deleted"
    RUNTIME_REFUSED = "a runtime, its version or its alias is refused"
