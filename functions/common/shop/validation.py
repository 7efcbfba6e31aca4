"""The shop's one way from outside data to a model."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from shop.http import Problem


class Input(BaseModel):
    """Data from outside: unknown names are refused, and nothing changes it afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


Model = TypeVar("Model", bound=Input)


def validated(model: type[Model], data: Any) -> Model:
    """The model of the data; raises :class:`Problem` 422 that lists every fault with its place."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        faults = [{"place": ".".join(map(str, fault["loc"])), "message": fault["msg"]} for fault in error.errors(include_url=False)]
        raise Problem(422, "the request has faults", faults=faults) from None
