"""What the search has to say: why a request is refused, and what to do about it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """`why` is a sentence; `do` another, or empty where the first says it all. Neither holds a secret or a MAC."""

    why: str
    do: str = ""
