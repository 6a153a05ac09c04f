"""The locks are of what requirements.txt asks for, and name everything that is installed."""

from __future__ import annotations

import re
import runpy
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.lock", "requirements-torch.lock")
RENEW = "run `make lock`"


def blocks(name: str) -> list[str]:
    text = (ROOT / name).read_text()
    return [one for one in re.split(r"\n(?=\S)", text) if not one.startswith("#")]


def locked() -> dict[str, list[Requirement]]:
    """What is locked, by name; some packages differ from one kind of machine to another."""
    found: dict[str, list[Requirement]] = {}
    for name in LOCKS:
        for block in blocks(name):
            one = Requirement(block.split(" \\\n")[0])
            found.setdefault(canonicalize_name(one.name), []).append(one)
    return found


def wanted() -> list[Requirement]:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def test_every_requirement_is_locked_at_its_version() -> None:
    found = locked()
    for one in wanted():
        versions = {str(entry.specifier) for entry in found.get(canonicalize_name(one.name), [])}
        assert str(one.specifier) in versions, f"{one.name}: {RENEW}"


@pytest.mark.parametrize("name", [*LOCKS, "requirements-torch-cpu.lock"])
def test_every_locked_package_has_a_version_and_hashes(name: str) -> None:
    for block in blocks(name):
        assert re.match(r"[\w.-]+==[\w.+!-]+", block), block
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block


def test_whatever_a_requirement_needs_is_locked_too() -> None:
    found, left, seen = locked(), list(wanted()), set[str]()
    while left:
        one = left.pop()
        name = canonicalize_name(one.name)
        assert name in found, f"{one.name}: {RENEW}"
        for needed in needs(name, one.extras):
            key = f"{needed.name}{sorted(needed.extras)}"
            if key not in seen and not re.match("nvidia|cuda|triton", needed.name):
                seen.add(key)
                left.append(needed)
    assert len(seen) > 100


def needs(name: str, extras: set[str]) -> list[Requirement]:
    """What an installed package needs on this machine."""
    try:
        stated = distribution(name).requires or []
    except PackageNotFoundError:
        return []
    environments: list[dict[str, str]] = [{"extra": extra} for extra in ("", *extras)]
    return [
        one
        for one in map(Requirement, stated)
        if one.marker is None or any(one.marker.evaluate(given) for given in environments)
    ]


def test_both_builds_of_pytorch_have_one_version() -> None:
    (small,) = blocks("requirements-torch-cpu.lock")
    (one,) = locked()["torch"]
    assert small.startswith(f"torch{one.specifier}+cpu ")


@pytest.fixture
def audit() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / ".ci" / "audit.py"))


def test_a_known_vulnerability_fails_the_audit(
    audit: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    hole = {"id": "PYSEC-1", "fix_versions": ["2.0"]}
    found = [
        {"name": "a", "version": "1.0", "vulns": [hole]},
        {"name": "b", "version": "1.0", "vulns": []},
        {"name": "c", "skip_reason": "not there"},
    ]
    assert audit["report"](found) == 1
    said = capsys.readouterr().out
    assert "a 1.0: PYSEC-1, fixed in 2.0" in said
    assert "2 packages, 1 known vulnerabilities; 1 are not known there" in said
    assert audit["report"](found[1:]) == 0


def test_an_audit_without_advisories_says_so_and_passes(
    audit: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit["report"]([{"name": "c", "skip_reason": "not there"}]) == 0
    assert audit["report"]([]) == 0
    assert capsys.readouterr().out.count("Audit skipped") == 2


def test_exceptions_name_an_advisory_and_why(audit: dict[str, Any]) -> None:
    assert audit["exceptions"]("# why\n\nPYSEC-1  not used by us\n") == ["PYSEC-1"]
    for line in (ROOT / ".ci" / "audit-exceptions.txt").read_text().splitlines():
        assert not line or line.startswith("#") or len(line.split()) > 3, line
