"""Files of an SFTP server, over fsspec and paramiko. The server has to show the host key that the config names."""

from __future__ import annotations

import io
from functools import partial
from typing import Any

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem
from paramiko.hostkeys import HostKeyEntry

from ingestion.connectors.contracts import Clock, TransferFailed, Unreachable
from ingestion.connectors.credentials import Credentials
from ingestion.connectors.options import SftpOptions
from ingestion.connectors.remote_files import RemoteFiles, RemoteFolder

SSH_PORT = 22
KEY_KINDS: tuple[type[paramiko.PKey], ...] = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


class _KnownHost(SFTPFileSystem):  # type: ignore[misc]
    """fsspec's file system, with a known host and a time limit on every answer."""

    cachable = False  # a connection belongs to one transfer

    def __init__(self, host: str, *, known_host: HostKeyEntry, answer_within: float, **login: Any) -> None:
        self._known_host, self._answer_within = known_host, answer_within
        super().__init__(host, host_key_policy=paramiko.RejectPolicy(), **login)

    def _connect(self) -> None:
        self.client = paramiko.SSHClient()
        for name in self._known_host.hostnames:
            self.client.get_host_keys().add(name, self._known_host.key.get_name(), self._known_host.key)
        self.client.set_missing_host_key_policy(self.host_key_policy)
        try:
            self.client.connect(self.host, **self.ssh_kwargs)
            self.ftp = self.client.open_sftp()
            self.ftp.get_channel().settimeout(self._answer_within)
        except BaseException:
            self.client.close()
            raise

    def info(self, path: str, **_: object) -> dict[str, Any]:
        """As the server has it now; nothing is cached."""
        facts: dict[str, Any] = super().info(path)
        return facts


def sftp_files(options: SftpOptions, pattern: str, credentials: Credentials, clock: Clock) -> RemoteFiles:
    """The connector of an SFTP folder; raises `TransferFailed` where a secret is missing or a key cannot be read."""
    seconds = options.timeout_seconds
    login: dict[str, object] = {
        "port": options.port, "username": options.user, "look_for_keys": False, "allow_agent": False,
        "timeout": seconds, "banner_timeout": seconds, "auth_timeout": seconds, "channel_timeout": seconds,
    }  # fmt: skip
    if options.password_env:
        login["password"] = credentials.get(options.password_env)
    else:
        login["pkey"] = _private_key(options, credentials)
    connect = partial(_KnownHost, options.host, known_host=_known_host(options), answer_within=seconds, **login)
    where = f"sftp://{options.host}:{options.port}/{options.folder.strip('/')}"
    folder = RemoteFolder(where, options.folder, connect, _explained, options, clock)
    return RemoteFiles(folder, pattern, options.settle_seconds, options, clock)


def _known_host(options: SftpOptions) -> HostKeyEntry:
    name = options.host if options.port == SSH_PORT else f"[{options.host}]:{options.port}"
    try:
        entry = HostKeyEntry.from_line(f"{name} {options.host_key}")
    except (paramiko.SSHException, ValueError):
        entry = None
    if entry is None:
        raise TransferFailed("host_key: not a public key; expected it as `ssh-keyscan` prints it: ssh-ed25519 AAAA...")
    return entry


def _private_key(options: SftpOptions, credentials: Credentials) -> paramiko.PKey:
    variable = options.private_key_env
    assert variable is not None  # noqa: S101  (the options require one login)
    given = credentials.get(variable)
    passphrase = credentials.get(options.passphrase_env) if options.passphrase_env else None
    try:
        if not given.lstrip().startswith("-----BEGIN"):
            return paramiko.PKey.from_path(given.strip(), passphrase.encode() if passphrase else None)
        for kind in KEY_KINDS:
            try:
                return kind.from_private_key(io.StringIO(given), passphrase)
            except paramiko.PasswordRequiredException:
                raise
            except (paramiko.SSHException, ValueError):
                continue
    except (paramiko.SSHException, paramiko.UnknownKeyType, OSError, ValueError, TypeError) as error:
        reason = type(error).__name__
    else:
        reason = "no Ed25519, ECDSA or RSA key"
    raise TransferFailed(
        f"the private key of {variable} could not be read ({reason}); expected an OpenSSH or PEM key, or the path of its file, "
        "and passphrase_env where it is encrypted"
    )


def _explained(error: Exception) -> TransferFailed:
    """What an error of the transport means; only what may pass is worth another attempt."""
    if isinstance(error, paramiko.BadHostKeyException):
        return TransferFailed(
            "the server shows another host key than the config names (host_key): it was changed, or this is another server; "
            "nothing was sent to it"
        )
    if isinstance(error, paramiko.AuthenticationException):  # tried once: banks lock an account after a few
        return TransferFailed("the server refused the login: check user, key or password")
    if isinstance(error, FileNotFoundError):
        return TransferFailed("the server has no such file or folder (any more)")
    if isinstance(error, PermissionError):
        return TransferFailed("the server does not let this user read it")
    if isinstance(error, paramiko.SSHException) and "not found in known_hosts" in str(error):
        return TransferFailed(
            "the server shows no host key of the kind the config names (host_key); nothing was sent to it"
        )
    if isinstance(error, UnicodeDecodeError):
        return TransferFailed("the server lists a file name that is not UTF-8; ask for it to be renamed")
    if isinstance(error, TimeoutError):
        return Unreachable("no answer in time")
    if isinstance(error, OSError | EOFError | paramiko.SSHException):
        return Unreachable(f"not reachable: {error or type(error).__name__}")
    return TransferFailed(f"{type(error).__name__}: {error}")
