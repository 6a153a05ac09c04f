"""For whom each session of Streamlit was drawn, so that nobody else goes on with it.

A session keeps what its pages have drawn, with what its buttons do. It may be
taken up again after the network was away for a moment, by its id; never by
somebody else, or by the same person who may do less since.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.people import Person

#: Those that were drawn first are forgotten: they begin anew, as after a reload.
MOST = 20_000
_drawn: OrderedDict[str, Person] = OrderedDict()
_lock = Lock()


def note(person: Person) -> None:
    """This session is drawn for somebody."""
    context = get_script_run_ctx()
    if context is None:
        return
    with _lock:
        _drawn[context.session_id] = person
        _drawn.move_to_end(context.session_id)
        while len(_drawn) > MOST:
            _drawn.popitem(last=False)


def is_theirs(session_id: str, person: Person) -> bool:
    """Whether a session was drawn for somebody as they are now."""
    with _lock:
        drawn = _drawn.get(session_id)
    return drawn is not None and (drawn.id, drawn.role) == (person.id, person.role)
