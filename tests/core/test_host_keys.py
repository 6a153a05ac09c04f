"""Keys of servers as people compare them; the right answers are those of ``ssh-keygen -lf``."""

from __future__ import annotations

import pytest

from core.host_keys import fingerprint, server_name

KEYS = {
    "ED25519 SHA256:6fPAgbNiaOCusx/F/wHHV2YwbGtcIe0vqZfO8PloxR0": (
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAycY9mKwoReYMQfP10Vd9/akXFcKiCpUkf+GBXNTuck"
    ),
    "ECDSA SHA256:X1XR74MrNUQyjjMnYOWMuOZ6IrhWfPY/zgcdeT9dvZg": (
        "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBNGymYzkNJxjY9aP"
        "3o/WPE7CLOowEHB2WohZa5RKUncXuteCfvPX4ZijLHTNs0Sbuu6Y8pOZZ6DsfWN07wFXDgQ="
    ),
    "RSA SHA256:Jb+eAWdMZfYmcvj/XaZNskqaNK1H5nA/w6sbbuV4Jec": (
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQCpjb/np/HFJj7d7Wr5xGdSzwEwMK+Unk/NVc5BI1FCvqjoHHHa"
        "WaLJEk+MxE/4CglYNgIm0J3yDe7kD7GkHfLFeHV7HVzs5ytRTccl7wT/7IVwUI9cyquAC3hBgWBKxv+dppaQ7ITy"
        "lHHsIbwuLg2QEP40iyuli7rXenQ/zi/dhQucAABGAL7pSaGx2iRZNtm7NHJCy362nCrhD76VicHC62tcbaNe67E3"
        "mrLd7SHc/iDrygD86kilhdn6MsZFv2jOtrkywpNVFL9+1sQSrKLPttryWjLPfJ8QGQvAVuqbA+muWm2Yqp/CA/r0"
        "BP7SohKpmjfM+S9/8MXbIcPgmfI4Ecb+mAuphknZ9DCDspRdJER+iFby6QjFbN6IDUnt5zGuv9DyczHOtUxENlLO"
        "c4hVUbeNIfkFPZNimc9VVkhb/tKejWMPmQrS+x0NEmLDMCShzBCcYcYulJS4LyI0NFc8GJGixeq1a/kQXmO9ZVgR"
        "ny+z3YV7B09P/IBuZ06trF8="
    ),
}


@pytest.mark.parametrize("told", KEYS)
def test_a_key_is_told_as_openssh_tells_it(told: str) -> None:
    assert fingerprint(KEYS[told]) == told


def test_a_server_is_called_by_its_port_only_where_that_is_unusual() -> None:
    assert server_name("Files.Example.com", None) == "files.example.com"
    assert server_name("files.example.com", 22) == "files.example.com"
    assert server_name("files.example.com", 2222) == "files.example.com:2222"
