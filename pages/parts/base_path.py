"""Where our routes are: below the path under which a proxy serves the app, if it does."""

from __future__ import annotations

from streamlit import config


def base_path() -> str:
    """The path before every page's, without a slash at its end; mostly empty."""
    base = str(config.get_option("server.baseUrlPath")).strip("/")
    return f"/{base}" if base else ""


def under_base(path: str) -> str:
    """A path as a route and as a redirection need it."""
    return f"{base_path()}/{path.lstrip('/')}"
