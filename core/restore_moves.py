"""What a restore moves in a home at its very end: the old things aside, the new ones in.

All is laid ready in one folder of the home first. While that is there nothing
else opens the home; a list in it says what is still to be moved, so that a
restore which was killed can be ended by asking for it again.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from core import supervisor
from core.files import write_atomically
from core.settings import Settings

LIST = "moves.json"
ASIDE = "before-restore-"
#: What is the machine's own, or lies there for others, and stays.
STAYS = frozenset(
    {"run", "logs", "restoring", "imports", "exports", "arrivals", "lost+found", ".gitkeep"}
)


@dataclass
class Moves:
    """The moves of one restore.

    Attributes:
        kept: Where what was there before is, for people.
    """

    _folder: Path
    _stamp: str
    _staged: list[tuple[str, str]] = field(default_factory=list)
    _old: list[tuple[str, str]] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    @classmethod
    def begin(cls, settings: Settings, stamp: str) -> Moves:
        """Begin anew, with an empty folder to lay things ready in."""
        folder = settings.restoring
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        moves = cls(folder, stamp)
        for path in old_things(settings):
            moves.set_aside(path)
        return moves

    @property
    def stamp(self) -> str:
        """Names this restore."""
        return self._stamp

    def place(self, name: str) -> Path:
        """Where to lay ready what will stand in the home under this name."""
        return self.place_for(self._folder.parent / name)

    def place_for(self, final: Path) -> Path:
        """Where to lay ready what will stand at a place, on the same disk."""
        if final.parent == self._folder.parent:
            staged = self._folder / final.name
        else:
            staged = final.with_name(f".{final.name}.restoring")
            staged.unlink(missing_ok=True)
        pair = (str(staged), str(final))
        if pair not in self._staged:
            self._staged.append(pair)
        return staged

    def set_aside(self, path: Path) -> None:
        """Move something out of the way, into a folder beside it that is kept."""
        folder = path.parent / f"{ASIDE}{self._stamp}"
        self._old.append((str(path), str(folder / path.name)))
        if str(folder) not in self.kept:
            self.kept.append(str(folder))

    def keep_too(self, what: str) -> None:
        """Tell of something else that was kept."""
        self.kept.append(what)

    def record(self) -> None:
        """From now on the moves are carried out, whatever happens."""
        state = {"stamp": self._stamp, "old": self._old, "staged": self._staged, "kept": self.kept}
        write_atomically(self._folder / LIST, json.dumps(state))

    def give_up(self) -> None:
        """Nothing was moved, and nothing will be."""
        for staged, _ in self._staged:
            if Path(staged).parent != self._folder:
                Path(staged).unlink(missing_ok=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def carry_out(self) -> None:
        """Move everything that has not been moved yet."""
        for source, aside in self._old:
            # Once it has gone aside, what stands there is new.
            if not Path(aside).exists() and Path(source).exists():
                Path(aside).parent.mkdir(mode=0o700, exist_ok=True)
                Path(source).rename(aside)
        for staged, final in self._staged:
            if Path(staged).exists():
                Path(staged).rename(final)
        shutil.rmtree(self._folder)


def unfinished(settings: Settings) -> Moves | None:
    """The moves of a restore that was interrupted when all was laid ready."""
    try:
        state = json.loads((settings.restoring / LIST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    pairs = {name: [(one, two) for one, two in state[name]] for name in ("old", "staged")}
    return Moves(settings.restoring, state["stamp"], pairs["staged"], pairs["old"], state["kept"])


def old_things(settings: Settings) -> list[Path]:
    """What a home has that would be in the way."""
    return [
        path
        for path in sorted(settings.home.iterdir())
        if path.name not in STAYS and not path.name.startswith(ASIDE) and path.suffix != ".lock"
    ]


def in_use(settings: Settings) -> str:
    """Who uses a home, in words; empty for nobody."""
    number = supervisor.pid(settings)
    if number is not None:
        return f"Shopkeeper runs for {settings.home} (process {number})."
    home, mine = str(settings.home), os.getpid()
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid != mine and any(
                _is_data(file.path, home) for file in process.open_files()
            ):
                return f"Process {process.pid} has files of {settings.home} open."
    return ""


def _is_data(path: str, home: str) -> bool:
    return path.startswith(f"{home}/") and path.endswith((".db", ".db-wal", ".sqlite3"))
