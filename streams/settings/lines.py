"""Where each key of a TOML text is written: path → line. `tomllib` reads the values and drops the places."""

Path = tuple[str | int, ...]

_BARE_END = " \t=.]\r\n"
_SCALAR_END = ",]}#\r\n"


def locate(text: str) -> dict[Path, int]:
    """The line (from 1) of every table, key and array item of `text`, which must be valid TOML."""
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


class _Scanner:
    """A lenient walk over valid TOML: it tells keys from values and strings from comments, nothing more."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}

    def document(self) -> None:
        table: Path = ()
        while self._blank():
            if self._peek("["):
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Path:
        start, repeated = self.at, self._peek("[[")
        self.at += 2 if repeated else 1
        parts = self._key()
        self.at = self.text.index("]", self.at) + (2 if repeated else 1)
        path = (*self._resolve(parts[:-1]), parts[-1])
        if repeated:
            number = self._counts[path] = self._counts.get(path, -1) + 1
            self._mark(path, start)
            path = (*path, number)
        else:
            path = self._resolve(parts)
        self._mark(path, start)
        return path

    def _resolve(self, parts: tuple[str, ...]) -> Path:
        """A header inside `[[name]]` speaks of the last item of `name`."""
        path: Path = ()
        for part in parts:
            path = (*path, part)
            if path in self._counts:
                path = (*path, self._counts[path])
        return path

    def _pair(self, table: Path) -> None:
        start = self.at
        path = table
        for part in self._key():
            path = (*path, part)
            self._mark(path, start)
        self.at = self.text.index("=", self.at) + 1
        self._value(path)

    def _key(self) -> tuple[str, ...]:
        parts: list[str] = []
        while True:
            self._spaces()
            if self.text[self.at] in "\"'":
                parts.append(self._string())
            else:
                start = self.at
                while self.text[self.at] not in _BARE_END:
                    self.at += 1
                parts.append(self.text[start : self.at])
            self._spaces()
            if not self._peek("."):
                return tuple(parts)
            self.at += 1

    def _value(self, path: Path) -> None:
        self._spaces()
        if self._peek("["):
            self._array(path)
        elif self._peek("{"):
            self._inline(path)
        elif self.text[self.at] in "\"'":
            self._string()
        else:
            while self.at < len(self.text) and self.text[self.at] not in _SCALAR_END:
                self.at += 1

    def _array(self, path: Path) -> None:
        self.at += 1
        number = 0
        while self._blank() and not self._peek("]"):
            if self._peek(","):
                self.at += 1
                continue
            self._mark((*path, number), self.at)
            self._value((*path, number))
            number += 1
        self.at += 1

    def _inline(self, path: Path) -> None:
        self.at += 1
        while self._blank() and not self._peek("}"):
            if self._peek(","):
                self.at += 1
            else:
                self._pair(path)
        self.at += 1

    def _string(self) -> str:
        quote = self.text[self.at]
        fence = quote * 3 if self._peek(quote * 3) else quote
        start = self.at = self.at + len(fence)
        while not self._peek(fence):
            self.at += 2 if quote == '"' and self._peek("\\") else 1
        end = self.at
        self.at += len(fence)
        while len(fence) == 3 and self._peek(quote):
            self.at += 1
        return self.text[start:end]

    def _spaces(self) -> None:
        while self._peek(" ") or self._peek("\t"):
            self.at += 1

    def _blank(self) -> bool:
        """Skips white space, newlines and comments; whether anything follows."""
        while self.at < len(self.text):
            if self.text[self.at] == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif self.text[self.at].isspace():
                self.at += 1
            else:
                return True
        return False

    def _peek(self, what: str) -> bool:
        return self.text.startswith(what, self.at)

    def _mark(self, path: Path, at: int) -> None:
        self.lines.setdefault(path, self.text.count("\n", 0, at) + 1)
