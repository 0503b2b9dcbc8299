"""How good files are spoilt: bytes, lines, cells, encodings; and how they are rewritten alike."""

import gzip
from collections.abc import Callable
from random import Random
from typing import Final

TOKENS: Final = (
    *(b"\xff\xfe", b"\x80", b"\xc3", b"PAR1", b"\x1f\x8b\x08"),
    *(
        token.encode("utf-8", "surrogatepass")
        for token in (
            *(
                "",
                " ",
                "nan",
                "NaN",
                "-nan(ind)",
                "1.#IND",
                "inf",
                "-inf",
                "1e999",
                "-0",
                "9" * 400,
            ),
            *(
                "1e-400",
                "0x10",
                "1,5",
                "1_000",
                "\u0661\u0662",
                "\uff11",
                "true",
                "None",
                "null",
                "NA",
            ),
            *(
                "[]",
                "[0.1, 0.9]",
                "{'a': 1}",
                "tensor(1)",
                '"',
                "'",
                '""',
                ",",
                ";",
                "\t",
                "|",
                "\\",
            ),
            *("\n", "\r", "\r\n", "\0", "\ufeff", "\u202e", "\u2028", "\x1a", "\x1b[31m", "\ud800"),
            *(
                "=1+1",
                "<script>",
                "../../x",
                "a x b",
                "sep=;",
                "9-Mar",
                "#",
                "%s",
                "${x}",
                "A" * 5000,
            ),
            *("2147483648", "-1", "256", "8", "1.0", "0.5", "e\u0301", "\U0001f600"),
        )
    ),
)
_SEPARATORS: Final = (b",", b";", b"\t", b"|", b" ")


def spoilt(content: bytes, random: Random, *, text: bool) -> bytes:
    """A file with one to three faults."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        change = random.choice(_OF_TEXT if text else _OF_BYTES)
        content = change(content, random)
    return content


def _flip(content: bytes, random: Random) -> bytes:
    changed = bytearray(content or b"\0")
    for _ in range(random.choice((1, 1, 2, 8))):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _cut(content: bytes, random: Random) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def _span(content: bytes, random: Random) -> tuple[int, int]:
    start = random.randrange(len(content) + 1)
    return start, min(len(content), start + int(2 ** random.uniform(0, 9)))


def _remove(content: bytes, random: Random) -> bytes:
    start, end = _span(content, random)
    return content[:start] + content[end:]


def _repeat(content: bytes, random: Random) -> bytes:
    start, end = _span(content, random)
    return content[:end] + content[start:]


def _overwrite(content: bytes, random: Random) -> bytes:
    start, end = _span(content, random)
    return content[:start] + random.randbytes(end - start) + content[end:]


def _insert(content: bytes, random: Random) -> bytes:
    start = random.randrange(len(content) + 1)
    return content[:start] + random.choice(TOKENS) + content[start:]


def _of_lines(change: Callable[[list[bytes], Random], None]) -> Callable[[bytes, Random], bytes]:
    def changed(content: bytes, random: Random) -> bytes:
        lines = content.split(b"\n")
        change(lines, random)
        return b"\n".join(lines)

    return changed


def _shuffle_lines(lines: list[bytes], random: Random) -> None:
    random.shuffle(lines)


def _drop_line(lines: list[bytes], random: Random) -> None:
    del lines[random.randrange(len(lines))]


def _double_line(lines: list[bytes], random: Random) -> None:
    lines.insert(random.randrange(len(lines) + 1), random.choice(lines))


def _change_cell(lines: list[bytes], random: Random) -> None:
    row = random.randrange(len(lines))
    separator = max(_SEPARATORS, key=lines[row].count)
    cells = lines[row].split(separator)
    kind, place = random.randrange(5), random.randrange(len(cells))
    if kind == 0:
        del cells[place]
    elif kind == 1:
        cells.insert(place, random.choice(cells))
    elif kind == 2:
        random.shuffle(cells)
    else:
        cells[place] = random.choice(TOKENS)
    lines[row] = separator.join(cells)


def _change_column(lines: list[bytes], random: Random) -> None:
    separator = max(_SEPARATORS, key=lines[0].count)
    rows = [line.split(separator) for line in lines]
    place, kind = random.randrange(len(rows[0])), random.randrange(3)
    token = random.choice(TOKENS)
    for number, row in enumerate(rows):
        if place < len(row):
            if kind == 0:
                del row[place]
            elif kind == 1:
                row.insert(place, row[place])
            elif number:
                row[place] = token
    lines[:] = [separator.join(row) for row in rows]


def _encode(content: bytes, random: Random) -> bytes:
    text = content.decode("utf-8", "replace")
    encoding = random.choice(("utf-16", "utf-16-le", "utf-32", "latin-1", "utf-8-sig", "cp037"))
    return text.encode(encoding, "replace")


def _wrap(content: bytes, random: Random) -> bytes:
    packed = gzip.compress(content, 1)
    return packed if random.random() < 0.5 else _flip(packed, random)


_OF_BYTES: Final = (_flip, _flip, _flip, _cut, _remove, _repeat, _overwrite, _insert)
_OF_TEXT: Final = (
    *_OF_BYTES,
    *map(_of_lines, (_shuffle_lines, _drop_line, _double_line, _change_column)),
    *[_of_lines(_change_cell)] * 4,
    _encode,
    _wrap,
)


def alike(content: bytes, random: Random, *, order_matters: bool = False) -> bytes:
    """A table of plain cells that must read the same: other line ends, columns, encoding."""
    rows = [line.split(b",") for line in content.rstrip(b"\n").split(b"\n")]
    if not order_matters:
        order = list(range(len(rows[0])))
        random.shuffle(order)
        rows = [[row[place] for place in order] for row in rows]
    changed = random.choice((b"\n", b"\r\n")).join(b",".join(row) for row in rows)
    if random.random() < 0.5:
        changed += b"\n"
    if random.random() < 0.3:
        changed = b"\xef\xbb\xbf" + changed
    return changed
