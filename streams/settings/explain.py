"""pydantic's errors → mistakes that a person can mend. Values are never repeated: one of them may be a secret."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from streams.settings.lines import Path
from streams.settings.model import Settings
from streams.settings.secrets import KEYS

AUTH_MISSING = "a source without authentication is refused"
AUTH_MEND = 'write auth = { scheme = "…", … }, or { scheme = "none" } for a source on loopback'
WRITTEN_OUT = "a secret must not be written in the configuration"
WRITTEN_OUT_MEND = 'name it: "env:NAME" or "file:PATH"'
# A default that depends on another setting, which is wrong itself and told of.
NOT_CALLED = "default_factory_not_called"
NAME_MEND = "use 1 to 63 of a-z, 0-9 and -, beginning with a letter or a digit"


def explain(errors: Iterable[Mapping[str, Any]], data: Mapping[str, Any]) -> list[tuple[Path, str, str]]:
    """The items of `ValidationError.errors()` → each path as the file writes it, what is wrong, and how to mend it.

    A list whose items are wrong is not called too short as well: pydantic counts only the items that were right.
    """
    found = [(error["type"], _explain(error, data)) for error in errors if error["type"] != NOT_CALLED]
    inner = {finding[0][:-1] for _, finding in found if isinstance(finding[0][-1], int)}
    return [finding for kind, finding in found if not (kind == "too_short" and finding[0] in inner)]


def _explain(error: Mapping[str, Any], data: Mapping[str, Any]) -> tuple[Path, str, str]:
    loc, kind = tuple(error["loc"]), str(error["type"])
    path = as_written(loc, data)
    context: Mapping[str, Any] = error.get("ctx") or {}
    match kind:
        case "extra_forbidden":
            return path, "no such setting", _suggest(str(path[-1]), known_keys(path[:-1], data))
        case "missing" if path[-1] == "auth" and path[0] == "sources":
            return path, AUTH_MISSING, AUTH_MEND
        case "missing":
            return path, "is required", "add it"
        case "union_tag_invalid" | "union_tag_not_found":
            return (*path, "scheme"), "no such scheme", f"one of {_listed(context.get('expected_tags'), data, path)}"
        case "string_pattern_mismatch" if "tls" in path:
            return path, "does not name a file", 'write "file:PATH"'
        case "string_pattern_mismatch" if _is_secret(path):
            return path, WRITTEN_OUT, WRITTEN_OUT_MEND
        case "string_pattern_mismatch":
            return path, "is not a valid name", NAME_MEND
        case "value_error":
            return path, str(context.get("error", "is not valid")), ""
    return path, str(error["msg"]).replace("Input should", "should"), ""


def as_written(loc: Sequence[str | int], data: Any) -> Path:
    """Drops what pydantic adds to a path (the tag of the chosen auth scheme) and the file does not say."""
    path: list[str | int] = []
    here = data
    for part in loc:
        if isinstance(here, Mapping) and part not in here and here.get("scheme") == part:
            continue
        path.append(part)
        here = _below(here, part)
    return tuple(path)


def known_keys(path: Path, data: Any) -> list[str]:
    """The settings that the table at `path` can have."""
    schema = Settings.model_json_schema(by_alias=True)
    node: Mapping[str, Any] = schema
    here = data
    for part in path:
        node = _resolve(node, schema, here)
        node = node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(part, {})
        here = _below(here, part)
    return sorted(_resolve(node, schema, here).get("properties", {}))


def _resolve(node: Mapping[str, Any], schema: Mapping[str, Any], here: Any) -> Mapping[str, Any]:
    """Follows `$ref`, and of a tagged union the member that `here` names."""
    if "discriminator" in node and isinstance(here, Mapping):
        mapping: Mapping[str, str] = node["discriminator"]["mapping"]
        node = {"$ref": mapping.get(str(here.get("scheme")), "")}
    # A table that may be left out.
    node = next((option for option in node.get("anyOf", ()) if "$ref" in option), node)
    if ref := node.get("$ref"):
        found: Mapping[str, Any] = schema["$defs"].get(str(ref).rsplit("/", 1)[-1], {})
        return found
    return node


def _below(here: Any, part: str | int) -> Any:
    if isinstance(here, Mapping):
        return here.get(part)
    if isinstance(here, list | tuple) and isinstance(part, int) and part < len(here):
        return here[part]
    return None


def _suggest(word: str, known: Sequence[str]) -> str:
    close = get_close_matches(word, known, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return f"known here: {', '.join(known)}" if known else "remove it"


def _listed(tags: object, data: Any, path: Path) -> str:
    """The tags that pydantic expected (`'a', 'b'`), or for a missing tag those of the schema."""
    if isinstance(tags, str):
        return tags.replace("'", "")
    schema = Settings.model_json_schema()
    kind = "Target" if path and path[0] == "targets" else "Poll" if "poll" in path else "Source"
    return ", ".join(schema["$defs"][kind]["properties"]["auth"]["discriminator"]["mapping"])


def _is_secret(path: Path) -> bool:
    return any(part in KEYS for part in path)
