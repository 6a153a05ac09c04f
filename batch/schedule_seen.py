"""Which catalogs a schedule has taken: it takes one again only when its content differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: So many files are remembered.
KEPT = 500
_MARK, _DIGEST = "mark", "sha256"
#: Stands for the first look, which may have found nothing.
_LOOKED = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was taken, by path: a mark that tells of changes from outside, and a digest.

    Attributes:
        kept: As it is stored, the oldest first.
    """

    kept: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def never_looked(self) -> bool:
        """Whether the first look is still to come."""
        return not self.kept

    def looked(self) -> Seen:
        """The same after a look."""
        return self.with_one(_LOOKED, "", "")

    def has_mark(self, path: str, mark: str) -> bool:
        """Whether a file is unchanged as far as can be told from outside."""
        return bool(mark) and self.kept.get(path, {}).get(_MARK) == mark

    def has_content(self, path: str, digest: str) -> bool:
        """Whether this was the content of the file, or of another one if it is a new file."""
        if path in self.kept:
            return self.kept[path].get(_DIGEST) == digest
        return any(one.get(_DIGEST) == digest for one in self.kept.values())

    def with_one(self, path: str, mark: str, digest: str) -> Seen:
        """The same with one more file; an empty digest keeps the one that is known."""
        before = self.kept.get(path, {})
        others = {name: one for name, one in self.kept.items() if name != path}
        newest = dict(list(others.items())[-(KEPT - 1) :])
        return Seen({**newest, path: {_MARK: mark, _DIGEST: digest or before.get(_DIGEST, "")}})
