"""DocETL: a pipeline with one ``map``, run by its own command.

It writes prompts of its own around ours, and asks by JSON schema
(``mode: structured_output``). The exit code is that of ``docetl run``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.peers.task import Outcome, Task, Work, take_part

#: The fields of :data:`benchmarks.batch.FIELDS` in its own words.
SCHEMA = {
    "brand": "string",
    "color": "string",
    "material": "string",
    "size": "string",
    "waterproof": "boolean",
    "tags": "list[string]",
    "seo_title": "string",
}


def pipeline(folder: Path, attempts: int) -> dict[str, Any]:
    """The pipeline's file; YAML readers read JSON."""
    extract = {
        "name": "extract",
        "type": "map",
        "prompt": "{{ input.system }}\n\n{{ input.product }}",
        "output": {"schema": SCHEMA, "mode": "structured_output"},
        "num_retries_on_validate_failure": attempts - 1,
        "litellm_completion_kwargs": {"max_retries": attempts - 1},
        "bypass_cache": True,
    }
    return {
        "default_model": "openai/gpt-4o-mini",
        "datasets": {"rows": {"type": "file", "path": str(folder / "rows.json")}},
        "operations": [extract],
        "pipeline": {
            "steps": [{"name": "all", "input": "rows", "operations": ["extract"]}],
            "output": {"type": "file", "path": str(folder / "out.json")},
        },
    }


def prepare(task: Task) -> Work:
    """Its files."""
    folder = Path(tempfile.mkdtemp())
    rows = [
        {"row": row, "system": messages[0]["content"], "product": messages[1]["content"]}
        for row, messages in task.messages.items()
    ]
    (folder / "rows.json").write_text(json.dumps(rows))
    (folder / "pipeline.yaml").write_text(json.dumps(pipeline(folder, task.attempts)))
    command = [str(Path(sys.executable).with_name("docetl")), "run", "pipeline.yaml"]
    command += ["--max-threads", str(task.slots)]
    environment = os.environ | {"OPENAI_API_BASE": task.url, "OPENAI_BASE_URL": task.url}

    def work() -> dict[int, Outcome]:
        global exit_code
        exit_code = subprocess.run(command, cwd=folder, env=environment).returncode
        path = folder / "out.json"
        results = json.loads(path.read_text()) if path.exists() else []
        return {one["row"]: {name: one.get(name) for name in SCHEMA} for one in results}

    return work


exit_code = 0

if __name__ == "__main__":
    take_part(prepare)
    sys.exit(exit_code)
