"""Where catalogs may come from and results may go to: fields of :class:`core.settings.Settings`."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

_ADDRESSES = r"^\s*(\w+://[^\s,*?\[/][^\s,*?\[]*(\s*,\s*\w+://[^\s,*?\[/][^\s,*?\[]*)*\s*)?$"


class ExchangeSettings(BaseModel):
    """What is open for imports and exports besides addresses of the web."""

    model_config = ConfigDict(frozen=True)

    private_targets: str | None = Field(
        default=None,
        pattern=r"^\s*[\w.:\[\]-]+(\s*,\s*[\w.:\[\]-]+)*\s*$",
        validation_alias="SHOPKEEPER_PRIVATE_TARGETS",
    )
    export_folder: Path | None = Field(default=None, validation_alias="SHOPKEEPER_EXPORT_FOLDER")
    import_folder: Path | None = Field(default=None, validation_alias="SHOPKEEPER_IMPORT_FOLDER")
    export_stores: str = Field(
        default="", pattern=_ADDRESSES, validation_alias="SHOPKEEPER_EXPORT_STORES"
    )
    import_stores: str = Field(
        default="", pattern=_ADDRESSES, validation_alias="SHOPKEEPER_IMPORT_STORES"
    )

    def may_be_private(self, host: str) -> bool:
        """Whether things may be sent to a host inside the shop's own network."""
        named = [one.strip().lower() for one in (self.private_targets or "").split(",")]
        return named == ["true"] or host.lower().strip("[]") in [one.strip("[]") for one in named]

    @property
    def open_for_exports(self) -> tuple[str, ...]:
        """The addresses below which results may be written with the keys of this machine."""
        return listed(self.export_stores)

    @property
    def open_for_imports(self) -> tuple[str, ...]:
        """The addresses below which catalogs may be read with the keys of this machine."""
        return listed(self.import_stores)


def listed(text: str) -> tuple[str, ...]:
    """The parts of a setting that names several things, with commas between them."""
    return tuple(one.strip() for one in text.split(",") if one.strip())
