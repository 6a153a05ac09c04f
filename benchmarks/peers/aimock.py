"""aimock as the endpoint: a server nobody here wrote, to cross-check the figures of our own fake.

Needs Node; installed under ``benchmarks/out`` when it is first asked for.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.fake_endpoint import ANSWER, wait_for
from core import ports
from core.settings import PROJECT

PACKAGE = "@copilotkit/aimock@1.43.0"
FOLDER = PROJECT / "benchmarks" / "out" / "aimock"


@contextmanager
def running(delay_s: float) -> Iterator[str]:
    """The server in a process of its own, which gives every jacket the same answer."""
    program = FOLDER / "node_modules" / ".bin" / "llmock"
    if not program.exists():
        print(f"Installing {PACKAGE} …", file=sys.stderr)
        FOLDER.mkdir(parents=True, exist_ok=True)
        install = ["npm", "install", "--silent", "--no-fund", "--no-audit"]
        subprocess.run([*install, "--prefix", str(FOLDER), PACKAGE], check=True)
    answer = {"match": {"userMessage": "jacket"}, "response": {"content": json.dumps(ANSWER)}}
    fixtures, port = FOLDER / "fixtures.json", ports.unused()
    fixtures.write_text(json.dumps({"fixtures": [answer]}))
    command = [str(program), "--port", str(port), "--fixtures", str(fixtures)]
    command += ["--chaos-latency", f"{1000 * delay_s:.0f}", "--log-level", "silent"]
    process = subprocess.Popen(command)
    try:
        wait_for(f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()
