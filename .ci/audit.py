"""Looks whether a locked package has a known vulnerability; ``make audit`` runs it.

Where the advisories cannot be reached it says so in one line and passes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import urllib.request
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.lock", "requirements-torch.lock")
#: An advisory and why it does not concern us, one a line.
EXCEPTIONS = ROOT / ".ci" / "audit-exceptions.txt"
ANSWER_S = 5
LONGEST_S = 120


def exceptions(text: str) -> list[str]:
    """Advisories that are known and do not concern us."""
    lines = [line.strip() for line in text.splitlines()]
    return [line.split()[0] for line in lines if line and not line.startswith("#")]


def reached() -> bool:
    """Whether PyPI tells of vulnerabilities: some mirrors know packages and nothing of them."""
    url = f"https://pypi.org/pypi/pip-audit/{version('pip-audit')}/json"
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_S) as answer:
            return b'"vulnerabilities"' in answer.read()
    except (OSError, ValueError):
        return False


def audited() -> list[dict[str, Any]]:
    """What pip-audit says of each package; nothing where it was not told."""
    if not reached():
        return []
    files = [part for name in LOCKS for part in ("--requirement", str(ROOT / name))]
    ignored = [
        part for one in exceptions(EXCEPTIONS.read_text()) for part in ("--ignore-vuln", one)
    ]
    with tempfile.NamedTemporaryFile() as output:
        command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes"]
        command += ["--progress-spinner", "off", "--format", "json", "--output", output.name]
        command += ["--timeout", str(ANSWER_S), *files, *ignored]
        try:
            subprocess.run(command, timeout=LONGEST_S, capture_output=True, check=False)
            found: list[dict[str, Any]] = json.loads(Path(output.name).read_text())["dependencies"]
        except (subprocess.TimeoutExpired, ValueError, KeyError):
            return []
    return found


def report(found: list[dict[str, Any]]) -> int:
    """Tell what was found; returns the exit code."""
    known = [one for one in found if "vulns" in one]
    if not known:
        print("Audit skipped: the advisories cannot be reached from here.")
        return 0
    bad = [(one, vulnerability) for one in known for vulnerability in one["vulns"]]
    for one, vulnerability in bad:
        fixed = ", ".join(vulnerability.get("fix_versions", [])) or "no version yet"
        print(f"{one['name']} {one['version']}: {vulnerability['id']}, fixed in {fixed}")
    skipped = len(found) - len(known)
    rest = f"; {skipped} are not known there" if skipped else ""
    print(f"Audit: {len(known)} packages, {len(bad)} known vulnerabilities{rest}.")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(report(audited()))
