"""Install lock files of this folder into .venv, each once.

Usage: python3 requirements/install.py [base|test|dev|services|production …]    (no name: only look at the Python)

Needs Python 3.11, the standard library and pip, nothing else. A stamp with the lock's hash is written when an
installation is complete, so that a finished one costs nothing and one that was cut short is repaired next time.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

LOCKS = Path(__file__).resolve().parent
VENV = LOCKS.parent / ".venv"
PYTHON = VENV / "bin" / "python"


def say(sentence: str) -> None:
    """Print a line at once, also into a pipe."""
    print(sentence, flush=True)


def venv_works() -> bool:
    """Tell whether the environment has a Python of the same version as ours. False after a cut-short creation."""
    if not PYTHON.exists():
        return False
    version = subprocess.run(
        [PYTHON, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True, check=False
    )
    return version.stdout.split() == [str(part) for part in sys.version_info[:2]]


def pip() -> list[str]:
    """Return the command that runs pip for the environment: its own pip, or this machine's when it has none."""
    own = [str(PYTHON), "-m", "pip"]
    if subprocess.run([*own, "--version"], capture_output=True, check=False).returncode == 0:
        return own
    return [sys.executable, "-m", "pip", "--python", str(PYTHON)]


def make_venv() -> None:
    """Create the environment afresh. Debian without python3-venv has no ensurepip: then without a pip of its own."""
    say("Making the virtual environment .venv …")
    shutil.rmtree(VENV, ignore_errors=True)
    without_pip = [] if importlib.util.find_spec("ensurepip") else ["--without-pip"]
    made = subprocess.run([sys.executable, "-m", "venv", *without_pip, str(VENV)], check=False)
    if made.returncode:
        subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)], check=True)


def install(name: str) -> int:
    """Install `name`.txt unless the stamp says that it stands. Returns the exit status."""
    lock = LOCKS / f"{name}.txt"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    stamp = VENV / f"installed-{name}"
    if venv_works():
        if stamp.exists() and stamp.read_text() == wanted:
            return 0
    else:
        make_venv()
    started = time.monotonic()
    say(f"Installing the locked packages of requirements/{name}.txt …")
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    # A virtual environment or PYTHONPATH of the caller must not lend its packages.
    environment.pop("PYTHONPATH", None)
    command = [*pip(), "install", "-qq", "--require-hashes", "--no-input", "-r", str(lock)]
    done = subprocess.run(command, env=environment, check=False)
    if done.returncode:
        say(
            "The installation did not finish; pip's message is above. Nothing else was started. "
            "Run the same command again: it goes on where this one stopped."
        )
        return 1
    stamp.write_text(wanted)
    say(f"Installed in {time.monotonic() - started:.0f} s.")
    return 0


def main() -> int:
    """Run the command line. Returns the exit status."""
    if sys.version_info < (3, 11):
        say(
            f"Commercia needs Python 3.11 or newer; this is Python {sys.version.split()[0]} ({sys.executable}). "
            "Install a newer one, or name one you have, such as: make run PYTHON=python3.12"
        )
        return 1
    known = sorted(path.stem for path in LOCKS.glob("*.txt"))
    unknown = [name for name in sys.argv[1:] if name not in known]
    if unknown:
        say(f"There is no lock file called {unknown[0]}. There are: {', '.join(known)}.")
        return 2
    try:
        return max([install(name) for name in sys.argv[1:]], default=0)
    except KeyboardInterrupt:
        say("Stopped. The next run repairs what is unfinished.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
