"""The files of an FTP server: with TLS, whose certificate must be its own, or in the clear.

fsspec's own way to TLS believes any certificate.
"""

from __future__ import annotations

import ftplib
import socket
import ssl
from typing import Any

from fsspec.implementations.ftp import FTPFileSystem

from core.errors import DestinationRefused


class FtpFileSystem(FTPFileSystem):  # type: ignore[misc]
    """An FTP server, spoken to in the clear.

    Raises:
        DestinationRefused: It does not let this user in.
    """

    def _connect(self) -> None:
        if (before := getattr(self, "ftp", None)) is not None:
            before.close()  # after a transfer that was broken off
        self.ftp = self._client()
        try:
            self.ftp.connect(self.host, self.port)
            self._prepare()
            self._log_in()
        except BaseException:
            self.ftp.close()
            raise

    def _log_in(self) -> None:
        try:
            self.ftp.login(*self.cred)
        except ftplib.error_perm as error:
            raise DestinationRefused(
                f"{self.host} does not let in the user “{self.cred[0]}”. Check the name and the "
                "password."
            ) from error

    def close(self) -> None:
        """End the connection."""
        self.ftp.close()

    def _client(self) -> ftplib.FTP:
        return _Plain(timeout=self.timeout, encoding=self.encoding)

    def _prepare(self) -> None:
        """See to what has to be before a name and a password are sent."""

    def _open(self, path: str, mode: str = "rb", *given: Any, **options: Any) -> Any:
        if options.get("autocommit", True) or "w" not in mode:
            return super()._open(path, mode, *given, **options)
        self.makedirs(self._parent(path), exist_ok=True)
        file = super()._open(path, mode, *given, **options)
        # Beside the one before: the server's /tmp may not be there, or be another disk.
        file.path = f"{file.target}.part"
        return file

    def rm(self, path: str, recursive: bool = False, maxdepth: int | None = None) -> None:
        """Remove a file or a folder, by what is there now."""
        self.invalidate_cache()
        if self.info(path)["type"] == "file":
            self._rm(path)
        else:
            super().rm(path, recursive, maxdepth)


class FtpsFileSystem(FtpFileSystem):
    """An FTP server, spoken to by TLS after it has shown a certificate that is its own.

    Raises:
        DestinationRefused: It has no such certificate, or does not let this user in.
    """

    protocol = "ftps"

    def _client(self) -> ftplib.FTP:
        context = ssl.create_default_context()
        return _Tls(timeout=self.timeout, encoding=self.encoding, context=context)

    def _prepare(self) -> None:
        assert isinstance(self.ftp, ftplib.FTP_TLS)
        try:
            self.ftp.auth()
            self.ftp.prot_p()
        except ssl.SSLCertVerificationError as error:
            raise DestinationRefused(
                f"{self.host} shows a certificate that is not known to be its own "
                f"({error.verify_message}), so nothing was sent to it, no password either. Ask "
                "whoever runs the server. If it is signed by your own authority, set SSL_CERT_FILE."
            ) from error
        except ftplib.error_perm as error:
            raise DestinationRefused(
                f"{self.host} cannot encrypt (ftps://), so nothing was sent to it, no password "
                "either. Ask whoever runs the server for sftp://."
            ) from error


class _NoAbort:
    def abort(self) -> str:
        # What is asked for when enough of a file was read. How many answers come, and whether
        # the command is understood at all, differs between servers, and one that is waited for
        # in vain takes half a minute: fsspec connects anew instead.
        raise ftplib.Error("The transfer is ended with its connection.")


class _Plain(_NoAbort, ftplib.FTP):
    pass


class _Tls(_NoAbort, ftplib.FTP_TLS):
    def ntransfercmd(
        self, cmd: str, rest: int | str | None = None
    ) -> tuple[socket.socket, int | None]:
        # Many servers take a file only from who goes on with the session of the login.
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        assert isinstance(self.sock, ssl.SSLSocket)
        wrapped = self.context.wrap_socket(
            connection, server_hostname=self.host, session=self.sock.session
        )
        return wrapped, size
