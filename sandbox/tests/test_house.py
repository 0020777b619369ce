"""The sandbox keeps the house's measure: small files with names that say something."""

from sandbox.tests.running import ROOT

LONGEST_FILE = 400


def test_no_file_is_too_long():
    lines = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / "sandbox").rglob("*.py")
    }
    assert {name: count for name, count in lines.items() if count > LONGEST_FILE} == {}
    assert len(lines) > 30
