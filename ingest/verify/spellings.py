"""Other bytes that say the same as a body: what proxies, editors and JSON libraries turn one into. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

BOM = b"\xef\xbb\xbf"

# Strings, punctuation and everything else that is no white space: the parts that a JSON writer puts space between.
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_SPACING = {", ": ", ", ": ": ": "}


@dataclass(frozen=True, slots=True)
class Spelling:
    """`name` ends the sentence "the signature is over the body …"; empty for the body as it is."""

    name: str
    body: bytes


def spellings(body: bytes) -> list[Spelling]:
    """The body itself and what it may have been, each different bytes; the likeliest first."""
    found: dict[bytes, str] = {body: ""}
    for name, other in (*_edges(body), *_lossless(body), *_redumps(body)):
        found.setdefault(other, name)
    return [Spelling(name, other) for other, name in found.items()]


def _edges(body: bytes) -> Iterator[tuple[str, bytes]]:
    yield "without the line break at its end", body.removesuffix(b"\n").removesuffix(b"\r")
    yield "with a line break (LF) at its end", body + b"\n"
    yield "with a line break (CR LF) at its end", body + b"\r\n"
    yield "without the white space around it", body.strip()
    unix = body.replace(b"\r\n", b"\n")
    yield "with line breaks of LF instead of CR LF", unix
    yield "with line breaks of CR LF instead of LF", unix.replace(b"\n", b"\r\n")
    yield "without its byte order mark", body.removeprefix(BOM)
    yield "with a byte order mark before it", BOM + body
    yield "empty (nothing but an empty body was signed)", b""


def _lossless(body: bytes) -> Iterator[tuple[str, bytes]]:
    """White space and escapes changed, and not one value: numbers keep the digits that they are written with."""
    try:
        text = body.removeprefix(BOM).decode()
        json.loads(text)
    except (ValueError, RecursionError):
        return
    tokens = _TOKENS.findall(text)
    spaced = "".join(_SPACING.get(f"{token} ", token) for token in tokens)
    spacings = (("", text), ("as compact JSON", "".join(tokens)), ('as JSON with ", " and ": "', spaced))
    for (spacing, written), (escapes, slashes) in product(
        spacings, product((None, "ascii", "utf-8"), (None, "\\/", "/"))
    ):
        changed, names = written, [spacing] if spacing else []
        if slashes is not None:
            changed = changed.replace("\\/", "/").replace("/", slashes)
            names.append("slashes escaped" if slashes == "\\/" else "slashes not escaped")
        if escapes is not None:
            changed = _ascii(changed) if escapes == "ascii" else _unescaped(changed)
            names.append("everything beyond ASCII escaped" if escapes == "ascii" else "nothing beyond ASCII escaped")
        yield f"re-serialised ({', '.join(names)})", changed.encode("utf-8", "replace")


def _redumps(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Parsed and written again, as most libraries do it: numbers become the library's."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return
    styles: tuple[tuple[str, Mapping[str, Any]], ...] = (
        ("compact", {"separators": (",", ":")}),
        ('with ", " and ": "', {}),
        ("indented by 2", {"indent": 2}),
        ("indented by 4", {"indent": 4}),
    )
    for (style, options), ascii_only, sort, end in product(styles, (True, False), (False, True), ("", "\n")):
        try:
            dumped = json.dumps(value, ensure_ascii=ascii_only, sort_keys=sort, **options)
        except (ValueError, TypeError, RecursionError):
            continue
        names = [style, *(["keys sorted"] if sort else []), *(["ASCII-escaped"] if ascii_only else [])]
        if end:
            names.append("a line break at its end")
        yield f"re-serialised ({', '.join(names)})", f"{dumped}{end}".encode("utf-8", "replace")


def _ascii(text: str) -> str:
    return re.sub(r"[^\x00-\x7f]", lambda found: json.dumps(found[0])[1:-1], text)


def _unescaped(text: str) -> str:
    """`\\u00e9` as the letter; pairs of surrogates as one; control characters stay escaped."""
    pattern = r"(?<!\\)((?:\\\\)*)((?:\\u[0-9a-fA-F]{4})+)"
    return re.sub(pattern, lambda found: found[1] + _letters(found[2]), text)


def _letters(escaped: str) -> str:
    letters: str = json.loads(f'"{escaped}"')
    return "".join(letter if letter >= "\x80" else json.dumps(letter)[1:-1] for letter in letters)
