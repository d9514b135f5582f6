"""Parameters as dataclasses: meaning, unit and default live at the field; JSON from the caller overrides by name."""

import dataclasses
import json
from pathlib import Path
from typing import TypeVar, get_type_hints

from shortlist_models.errors import CodedError

Config = TypeVar("Config")


def parse_json(text: str | None) -> dict:
    """A JSON object given inline or as `@file`. Errors: training_config_invalid."""
    if not text:
        return {}
    try:
        value = json.loads(Path(text[1:]).read_text() if text.startswith("@") else text)
    except (OSError, ValueError) as reason:
        raise CodedError("training_config_invalid", setting="--config", reason=str(reason)) from reason
    if not isinstance(value, dict):
        raise CodedError("training_config_invalid", setting="--config", reason="must be a JSON object")
    return value


def apply(default: Config, overrides: dict, prefix: str = "") -> Config:
    """`default` with `overrides` put in, nested by name; unknown names and wrong types are refused."""
    hints = get_type_hints(type(default))
    changed = {}
    for name, value in overrides.items():
        setting = prefix + name
        if name not in hints:
            known = ", ".join(sorted(hints))
            raise CodedError("training_config_invalid", setting=setting, reason=f"unknown; known are {known}")
        current = getattr(default, name)
        if dataclasses.is_dataclass(current):
            if not isinstance(value, dict):
                raise CodedError("training_config_invalid", setting=setting, reason="must be an object")
            changed[name] = apply(current, value, setting + ".")
        else:
            changed[name] = _checked(setting, value, hints[name])
    return dataclasses.replace(default, **changed)


def _checked(setting: str, value: object, kind: type) -> object:
    if kind is bool:
        if not isinstance(value, bool):
            raise CodedError("training_config_invalid", setting=setting, reason="must be true or false")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CodedError("training_config_invalid", setting=setting, reason="must be a number")
    if value != value or value in (float("inf"), float("-inf")) or value < 0:
        raise CodedError("training_config_invalid", setting=setting, reason="must be a finite number >= 0")
    if kind is int and int(value) != value:
        raise CodedError("training_config_invalid", setting=setting, reason="must be a whole number")
    return kind(value)
