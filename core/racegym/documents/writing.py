"""Writing YAML as people would: lists of scalars in one line, odd characters escaped."""

from __future__ import annotations

import io
import re
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq
from ruamel.yaml.emitter import RoundTripEmitter
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

__all__ = ["to_text"]

_WIDTH = 100
_ODD = re.compile(r"^[?:]|  ")  # may begin a key in a list; spaces where a line may be broken


class _Emitter(RoundTripEmitter):  # type: ignore[misc,unused-ignore]
    """Breaks no line inside of double quotes: it would put a space there."""

    def write_double_quoted(self, text: str, split: bool = True) -> None:
        super().write_double_quoted(text, split=False)


def to_text(data: dict[str, Any]) -> str:
    """Return plain data as YAML 1.2."""
    writer = YAML()
    writer.Emitter = _Emitter
    writer.width = _WIDTH
    writer.indent(mapping=2, sequence=4, offset=2)
    text = io.StringIO()
    writer.dump(_styled(data), text)
    return text.getvalue()


def _styled(value: Any) -> Any:
    if isinstance(value, str) and (not value.isprintable() or _ODD.search(value)):
        return DoubleQuotedScalarString(value)
    if isinstance(value, dict):
        return {_styled(key): _styled(inner) for key, inner in value.items()}
    if isinstance(value, list):
        row = CommentedSeq(_styled(inner) for inner in value)
        if not any(isinstance(inner, dict | list) for inner in value):
            row.fa.set_flow_style()
        return row
    return value
