"""Files as a whole: one sentence about a wrong one; a bad row never hides the next."""

import os
from pathlib import Path

import pytest

from catalog.importing.parts import Part, Skipped, open_parts_file
from catalog.importing.tables import MAX_BYTES, WrongFile, open_table

DATA = Path(__file__).parent / "data"
CPU = (DATA / "cpu.csv").read_text()
HEADER, FIRST = CPU.splitlines()[:2]


def rows_of(tmp_path, text):
    path = tmp_path / "cpu.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(open_parts_file(path).rows())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty."),
        (b" \n\n", "the file is empty."),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "this is not a text file, so it cannot be CSV."),
        (CPU.encode("utf-16"), "it is written in UTF-16. Save it as UTF-8."),
        (
            CPU.replace("Zen 3", "Zén 3").encode("latin-1"),
            "it is not written in UTF-8 (byte 0xe9 in line 2). Save it as UTF-8.",
        ),
        (HEADER.encode(), "it has a header line but no rows."),
        (b'"external_id,name\n1,2\n', "its first line cannot be read as CSV: a quotation mark is not closed."),
        (b"external_id,name,name\n1,2,3\n", "its header names a column twice: name."),
        (
            b"hello\nworld\n",
            "this is not a parts file: its header lacks external_id, name, category, brand, price_usd.",
        ),
        (
            HEADER.replace(",", ";").encode() + b"\n1\n",
            "this is not a parts file: its header lacks external_id, name, category, brand, price_usd.",
        ),
        (
            b"external_id,snapshot_date,price_usd\na,2023-07-10,1\n",
            "this is the price history; only parts files are imported.",
        ),
        (
            b"external_id,name,category,brand,status,model\na,b,c,d,e,f\n",
            "this is the list of laptops; only parts files are imported.",
        ),
        (
            HEADER.replace(",graphics", ",gfx").encode() + b"\n1\n",
            'its header is that of no department; compared with cpu it lacks graphics and has the unknown "gfx".',
        ),
        (
            HEADER.encode() + b",extra\n1\n",
            'its header is that of no department; compared with cpu it has the unknown "extra".',
        ),
    ],
    ids=range(14),
)
def test_wrong_file_is_named_in_one_sentence(tmp_path, content, sentence):
    path = tmp_path / "parts.csv"
    path.write_bytes(content)

    with pytest.raises(WrongFile) as refused:
        open_parts_file(path)

    assert refused.value.message == f"{path}: {sentence}"


def test_no_file_at_all(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path, sentence in [
        (tmp_path, "this is a folder. Name the files in it."),
        (tmp_path / "missing.csv", "there is no such file."),
        (fifo, "this is not a regular file."),
    ]:
        with pytest.raises(WrongFile) as refused:
            open_table(path)
        assert refused.value.message == f"{path}: {sentence}"


def test_huge_file_is_not_read(tmp_path):
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)

    with pytest.raises(WrongFile, match=r"the file has 67 MB; at most 64 MB are read\."):
        open_table(path)


def test_header_may_stand_in_any_order_and_file_may_have_any_name(tmp_path):
    lines = [line.split(",") for line in CPU.splitlines()]
    path = tmp_path / "whatever.txt"
    path.write_text("\ufeff" + "\r\n".join(",".join(reversed(cells)) for cells in lines))

    turned = [(row.external_id, row.identity, row.fingerprint) for row in open_parts_file(path).rows()]

    assert turned == [
        (row.external_id, row.identity, row.fingerprint) for row in open_parts_file(DATA / "cpu.csv").rows()
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("PCP-1,AMD", "it has 2 cells where the header has 11."),
        (FIRST + ",more", "it has 12 cells where the header has 11."),
        (
            FIRST.replace("AMD Ryzen", '"AMD Ryzen'),
            "it is not CSV: a quotation mark is not closed or out of place, or a cell is enormous.",
        ),
        (FIRST.replace("PCP-cpu-0000000001", ""), "it has no external id."),
        (
            FIRST.replace("PCP-cpu-0000000001", "a b"),
            "its external id is longer than 120 characters or has others than letters, digits and . _ : / -",
        ),
        (FIRST.replace("AMD Ryzen 5 5600", "\u200b "), "it has no name."),
        (FIRST.replace("AMD Ryzen 5 5600", "n" * 251), "its name has 251 characters; at most 250 fit."),
        (FIRST.replace(",cpu,", ",gpu,"), 'its category is "gpu" in a file of cpu.'),
        (
            FIRST.replace("AMD Ryzen 5 5600", "n" * 140_000),
            "it is not CSV: a quotation mark is not closed or out of place, or a cell is enormous.",
        ),
    ],
    ids=range(9),
)
def test_bad_row_is_skipped_and_the_next_is_read(tmp_path, line, reason):
    good = FIRST.replace("0000000001", "0000000009")

    bad, part = rows_of(tmp_path, f"{HEADER}\n{line}\n{good}\n")

    assert isinstance(bad, Skipped)
    assert (bad.line, bad.reason) == (2, reason)
    assert (part.line, part.external_id) == (3, "PCP-cpu-0000000009")


def test_line_break_inside_quotation_marks_is_white_space(tmp_path):
    broken = FIRST.replace("AMD Ryzen 5 5600", '"AMD Ryzen\n5 5600"')

    part, after = rows_of(tmp_path, f"{HEADER}\n{broken}\n\n{FIRST}\n")

    assert isinstance(part, Part)
    assert (part.line, part.name) == (2, "AMD Ryzen 5 5600")
    assert (after.line, after.identity) == (5, part.identity)


def test_part_has_typed_specs_options_and_doubts():
    parts = {row.external_id[-2:]: row for row in open_parts_file(DATA / "case-fan.csv").rows()}

    black, white = parts["01"], parts["02"]
    assert black.specs == {"size_mm": 120, "rpm_max": 1600, "airflow_cfm_max": 48.7, "noise_db_max": 18.9, "pwm": True}
    assert (black.options, white.options) == ({"color": "Black"}, {"color": "White"})
    assert black.identity == white.identity != parts["03"].identity
    assert black.doubts == [
        "Least airflow is 0, which means unknown; left out",
        "Least noise is 0, which means unknown; left out",
    ]
    assert parts["04"].name == parts["05"].name == "ARCTIC P12"
    assert parts["04"].identity == parts["05"].identity
    assert parts["04"].doubts == ['PWM is "maybe", neither true nor false; left out']


def test_doubted_axis_merges_nothing_unlike(tmp_path):
    header, first = (DATA / "internal-hard-drive.csv").read_text().splitlines()[:2]
    path = tmp_path / "drives.csv"
    path.write_text(
        "\n".join([header, first, first.replace(",1000,", ",9000000,").replace("-0000000001", "-0000000009")])
    )

    good, doubted = open_parts_file(path).rows()

    assert doubted.options == {"cache_mb": 1024}
    assert doubted.identity != good.identity
