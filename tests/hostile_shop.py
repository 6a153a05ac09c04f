"""A shop in which every text is somebody's attempt at it."""

from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path
from typing import Any

from batch import (
    destinations,
    field_sets,
    publish,
    review,
    review_queue,
    review_rows,
    schedules,
    uploads,
)
from batch.columns import Columns
from batch.destination_options import DestinationKind
from batch.fields import parse_fields
from batch.jobs import Job
from batch.plan import Plan
from batch.plan_file import plan_object
from batch.review import Reviewer
from batch.review_queue import Filter, State
from batch.schedule_task import Extraction, Task, Trigger
from batch.schedule_wanted import Wanted
from batch.submission import submit
from core import notice_channels, people, sign_ins
from core.db import Database, open_database
from core.notice_channels import ChannelKind
from core.notices import NoticeKind
from core.roles import Role
from core.settings import Settings, load_settings
from core.statuses import GapKind
from rag import documents, gaps, golden
from rag.golden import Expected
from tests.batch.processes import until_ended, worker
from tests.fake_endpoint import FakeEndpoint, Reply
from tests.payloads import ALL, BRIEF, EVIL, MARKDOWN, PATHS, SCRIPTS

#: What catalogs are called and how their columns are.
NAME = f"<img src=x onerror=canary()> [l](https://evil.example/) {BRIEF}"[:120]
ID, TITLE = "id", "title <img src=x onerror=canary()>"
TEXT, IMAGE, URL = "text [x](https://evil.example/)", "image", "url $x$ :red[r]"
COLUMNS = Columns(id=ID, title=TITLE, image=IMAGE, url=URL, text=(TITLE, TEXT))
FIELDS: list[dict[str, Any]] = [
    {
        "name": "<img src=x onerror=canary()>",
        "type": "text",
        "description": BRIEF,
        "examples": [SCRIPTS[0], MARKDOWN[0]],
    },
    {"name": "[f](https://evil.example/) :red[x]", "type": "text", "description": MARKDOWN[2]},
    {
        "name": "$choice$ www.evil.example",
        "type": "choice",
        "description": SCRIPTS[9],
        "choices": [SCRIPTS[2], MARKDOWN[2], ":material/home:", "a -> b"],
    },
    {"name": "</script><b>list</b>", "type": "list", "description": "a\nb\n\n# c"},
]


def catalog() -> bytes:
    """A row for every payload."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([ID, TITLE, TEXT, IMAGE, URL])
    for number, text in enumerate(ALL):
        writer.writerow(
            [
                f"{number} {SCRIPTS[number % len(SCRIPTS)]}"[:60],
                f"Lantern {number} {text}",
                f"{text} lantern {number}",
                "https://evil.example/px.png",
                "javascript:canary()" if number % 2 else "https://evil.example/p",
            ]
        )
    return out.getvalue().encode("utf-8", "replace")


def answer(text: str, _: int) -> Reply:
    """Values as a model gives them that was talked into it: some from the row, some not."""
    values = {
        FIELDS[0]["name"]: text[-80:],
        FIELDS[1]["name"]: BRIEF,
        FIELDS[2]["name"]: SCRIPTS[2],
        FIELDS[3]["name"]: [SCRIPTS[0], MARKDOWN[1]],
    }
    return Reply(json.dumps(values))


def refuse(_text: str, _before: int) -> Reply:
    return Reply(status=400, body=json.dumps({"error": {"message": BRIEF}}).encode())


def make(home: Path) -> Settings:
    """Fill a home."""
    settings = load_settings(home=home, sample_shop=False)
    db = open_database(settings)
    plan = Plan(parse_fields(FIELDS))
    with FakeEndpoint(answer).running() as endpoint:
        good = _job(settings, db, plan)
        with worker(settings, endpoint):
            good = until_ended(db, good)
            assert good.done > 50, good.reason
            endpoint.script = refuse
            until_ended(db, _job(settings, db, Plan(parse_fields(FIELDS[:1]))))
    _approve(settings, db, good)
    publish.publish(settings, db, good.id)
    _say(settings, db, plan)
    db.close()
    return settings


def let_in(home: Path) -> str:
    """Two administrators with such names; returns what the browser of one of them keeps."""
    db, token = open_database(load_settings(home=home)), ""
    with db.write() as connection:
        for login, name in ((f"eve@{EVIL}", MARKDOWN[0]), (BRIEF, BRIEF)):
            person = people.add(connection, login, name, Role.ADMINISTRATOR, "-", now=time.time())
            token = sign_ins.begin(connection, person, now=time.time())
    db.close()
    return token


def _job(settings: Settings, db: Database, plan: Plan) -> Job:
    upload = uploads.store(settings, db, f"{BRIEF}/../../{NAME}.csv", io.BytesIO(catalog()))
    return submit(db, upload.id, COLUMNS, plan, NAME)


def _approve(settings: Settings, db: Database, job: Job) -> None:
    """Some rows, so that there are examples."""
    who = Reviewer(settings, db, job, "somebody")
    found = review_queue.find(settings, db, job, Filter(State.ALL), count=12)
    seen = review_rows.load(settings, db, job, found.row_nos)
    assert review.approve(who, seen).row_nos


def _say(settings: Settings, db: Database, plan: Plan) -> None:
    """What people have written besides: policies, questions, names."""
    field_sets.save(db, NAME[:80], plan)
    body = "\n\n".join(f"## Lantern {SCRIPTS[at % 20]}\n\n{text}" for at, text in enumerate(ALL))
    documents.put(
        db,
        [
            documents.written(f"Returns {BRIEF}", body, f"{PATHS[0]}{BRIEF}.md"),
            documents.written(f"{MARKDOWN[0]} :red[x]", f"Lanterns {BRIEF}", PATHS[6]),
        ],
    )
    for text in (*SCRIPTS[:6], *MARKDOWN[:8], BRIEF):
        gaps.record(db, f"Lantern {text}?", GapKind.NO_FACT, missing=text, nearest=["0"])
    golden.add(db, f"Which lantern {BRIEF}?", Expected(words=(BRIEF,)))
    task = Task(
        place=f"{BRIEF[:60]}.csv",
        extraction=Extraction(columns=COLUMNS.to_json(), plan=plan_object(plan)),
    )
    schedules.create(db, Wanted(NAME[:60], Trigger.TIME, task, "0 2 * * *", "Europe/Berlin"))
    for text in (BRIEF, MARKDOWN[0], SCRIPTS[2]):
        destinations.add(settings, db, text[:80], DestinationKind.CHAT, {})
    hook = {"address": f"https://{EVIL}/{SCRIPTS[2]}"}
    destinations.add(settings, db, f"W {SCRIPTS[2]}", DestinationKind.WEBHOOK, hook)
    some = list(NoticeKind)
    notice_channels.add(settings, db, ChannelKind.WEBHOOK, "https://evil.example/<b>x</b>", some)
