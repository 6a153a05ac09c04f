"""Who somebody is to the shop, and what that lets them do.

Knows neither how somebody proves who they are nor which page is which.
"""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What somebody is to the shop; each may do what those before it may."""

    SHOPPER = "shopper"  #: asks at the counter
    MERCHANDISER = "merchandiser"  #: works on catalogs, results, policies and deliveries
    ADMINISTRATOR = "administrator"  #: also says who may do what, and looks after the house

    def reaches(self, least: Role) -> bool:
        """Whether this role may do what needs at least another one."""
        order = list(Role)
        return order.index(self) >= order.index(least)
