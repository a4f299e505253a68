"""A request that is refused, as the API says it and as it counts."""

from enum import StrEnum


class Why(StrEnum):
    """`ORDER`: a command that comes at the wrong time (before its order exists too); `REPEAT`: one that was done
    already and cannot be done again; `CONFLICT`: an id that was given to something else; `STOCK`: not enough of it."""

    INVALID = "invalid"
    UNKNOWN = "unknown"
    ORDER = "order"
    REPEAT = "repeat"
    CONFLICT = "conflict"
    STOCK = "stock"
    FULL = "full"


STATUSES = {Why.UNKNOWN: 404, Why.CONFLICT: 409, Why.STOCK: 409, Why.FULL: 507}


class Refused(Exception):
    """Nothing was done. `path`: of the field that is wrong. `status`: by default as `why` says."""

    def __init__(self, why: Why, code: str, message: str, path: str | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.why, self.code, self.path = why, code, path
        self.status = status or STATUSES.get(why, 400)

    def document(self) -> dict[str, str]:
        found = {"error": self.why.value, "code": self.code, "message": str(self)}
        return found if self.path is None else {**found, "path": self.path}


def invalid(code: str, message: str, path: str | None = None) -> Refused:
    return Refused(Why.INVALID, code, message, path)
