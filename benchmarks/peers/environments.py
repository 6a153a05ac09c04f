"""The virtual environments that contestants run in, so that they cannot touch ours.

Made when they are first needed, under ``benchmarks/out``, from the pinned
requirements beside this file: two of them ask for versions of the openai
package that exclude each other.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from core.settings import PROJECT

ROOT = PROJECT / "benchmarks" / "out" / "peers-venv"
HERE = Path(__file__).parent


def python(name: str) -> Path:
    """The Python of an environment, which is made or made anew where it has to be.

    Args:
        name: As in ``requirements-NAME.txt``.
    """
    requirements, folder = HERE / f"requirements-{name}.txt", ROOT / name
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    made, command = folder / "made-from", folder / "bin" / "python"
    if not made.exists() or made.read_text() != wanted:
        print(f"Making the environment {name} (a minute or two) …", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        install = [str(command), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "--requirement", str(requirements)], check=True)
        made.write_text(wanted)
    return command


def tokenizers(name: str) -> str:
    """Where an environment has the tokenizer files that would be fetched from the network."""
    found = (ROOT / name).glob("lib/*/site-packages/litellm/litellm_core_utils/tokenizers")
    return str(next(found, ""))
