"""Headers as people have them: from curl, from a stored record, from an editor; and what cannot be read."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.verify.given import HEADERS_BYTES_MAX, Given, Unreadable, parse_headers, read

CURL = """\
* Connected to example.org (192.0.2.1) port 443
> POST /webhooks/shop/tok%2Fen?a=1&a=2 HTTP/1.1
> Host: example.org
> X-Sig:  abc=
> Accept:
>
{ [5 bytes data]
< HTTP/1.1 403 Forbidden
< Content-Type: application/problem+json
"""


def files(folder: Path, headers: bytes, body: bytes = b"{}") -> Given:
    (folder / "headers").write_bytes(headers)
    (folder / "body").write_bytes(body)
    return read(folder / "headers", folder / "body", 1000)


def test_what_curl_printed_can_be_pasted_whole(tmp_path: Path) -> None:
    """Only what was sent counts; the request line gives method, token and query."""
    found = files(tmp_path, CURL.encode())
    assert found.headers == {"host": ["example.org"], "x-sig": ["abc="], "accept": [""]}
    assert (found.method, found.path_token("shop"), found.query) == ("POST", "tok/en", "a=1&a=2")
    assert found.query_fields == {"a": ["1", "2"]}
    assert found.path_token("another") is None


def test_plain_lines_are_enough(tmp_path: Path) -> None:
    """A repeated name keeps every value, in any case of letters, with any line break."""
    found = files(tmp_path, b"\xef\xbb\xbfX-Sig: a:b\r\nx-sig: 2\r\n\r\n")
    assert found == Given({"x-sig": ["a:b", "2"]}, b"{}")


def test_the_headers_of_a_stored_record_are_taken_as_they_are(tmp_path: Path) -> None:
    """`http_headers` is a JSON object in which a repeated name has a list."""
    found = files(tmp_path, json.dumps({"X-Sig": "a", "via": ["1", "2"]}).encode())
    assert found.headers == {"x-sig": ["a"], "via": ["1", "2"]}


def test_a_file_that_powershell_saved_is_read(tmp_path: Path) -> None:
    """UTF-16 is what `>` writes there."""
    assert files(tmp_path, "X-Sig: a\r\n".encode("utf-16")).headers == {"x-sig": ["a"]}


def test_the_body_is_taken_byte_for_byte(tmp_path: Path) -> None:
    """No line break is cut, no encoding assumed; one byte past the bound shows that there is more."""
    assert files(tmp_path, b"A: b", b"\xff\x00\r\n").body == b"\xff\x00\r\n"
    assert len(files(tmp_path, b"A: b", b"x" * 5000).body) == 1001


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("X-Sig abc", "line 1 of the headers is not `Name: value`"),
        ("A: b\nX Sig: secret", "line 2 of the headers is not `Name: value`"),
        ("HTTP/1.1 200 OK\nA: b", "begins an answer"),
        ('{"a": 1}', "the header a in the JSON is neither"),
        ('{"a": []}', "the header a in the JSON is neither"),
    ],
)
def test_what_is_no_header_is_told_with_its_place_and_without_its_text(text: str, words: str) -> None:
    """The line may hold a credential."""
    with pytest.raises(Unreadable, match=words) as raised:
        parse_headers(text)
    assert "secret" not in str(raised.value)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    """Not there, a folder, or far too large for headers."""
    (tmp_path / "body").write_bytes(b"")
    for headers in (tmp_path / "none", tmp_path):
        with pytest.raises(Unreadable, match="cannot be read"):
            read(headers, tmp_path / "body", 10)
    (tmp_path / "large").write_bytes(b"a" * (HEADERS_BYTES_MAX + 1))
    with pytest.raises(Unreadable, match="are these only headers"):
        read(tmp_path / "large", tmp_path / "body", 10)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Headers, or one error that says where."""
    try:
        fields, _, _ = parse_headers(text)
    except Unreadable:
        return
    assert all(name == name.lower() and values for name, values in fields.items())
