"""Read the JUnit files of a CI run and compare the numbers of tests with the least that must have run.

Usage: counts.py RESULTS_FOLDER MINIMUMS_FILE [--total SECONDS]
Without --total: one line a part, exit status 1 when a part ran too few tests or skipped one. With it: the last line.
"""

import sys
from pathlib import Path
from xml.etree import ElementTree


def counts(path: Path) -> dict[str, int]:
    """Return tests, failed and skipped of one JUnit file; all 0 when the file is missing."""
    found = {"tests": 0, "failed": 0, "skipped": 0}
    if path.exists():
        for suite in ElementTree.parse(path).getroot().iter("testsuite"):  # noqa: S314  (pytest wrote the file)
            found["tests"] += int(suite.get("tests", 0))
            found["failed"] += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            found["skipped"] += int(suite.get("skipped", 0))
    return found


def main() -> int:
    """Run the command line. Returns the exit status."""
    folder, minimums = Path(sys.argv[1]), Path(sys.argv[2])
    parts = [line.split() for line in minimums.read_text().splitlines() if line.strip() and not line.startswith("#")]
    found = {name: counts(folder / f"{name}.xml") for name, _ in parts}
    passed = sum(part["tests"] - part["failed"] - part["skipped"] for part in found.values())
    if "--total" in sys.argv:
        print(f"All parts passed in {sys.argv[-1]} s.")
        print(f"tests: {passed} passed, 0 failed")
        return 0
    status = 0
    for name, least in parts:
        part = found[name]
        verdict = "ok"
        if part["tests"] < int(least):
            verdict = f"TOO FEW: at least {least} must run (.ci/minimums)"
        elif part["failed"] or part["skipped"]:
            verdict = "NOT CLEAN"
        status |= verdict != "ok"
        print(f"  {name:<9} {part['tests']:>5} tests, {part['failed']} failed, {part['skipped']} skipped: {verdict}")
    return status


if __name__ == "__main__":
    sys.exit(main())
