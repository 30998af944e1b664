"""OpenSSH's own server on loopback, as this user, over one folder; only where sshd is installed.

It lets in by public key. With a password it needs root: sshd asks the accounts of the machine, so that it is started in a
mount namespace of its own, where /etc/shadow is a file of the test. The machine's own is neither read nor changed.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

SSHD = shutil.which("sshd", path=f"/usr/sbin:/usr/local/sbin:{os.environ.get('PATH', '')}")
KEYGEN = shutil.which("ssh-keygen")
INSTALLED = bool(SSHD and KEYGEN)
# exec keeps the process the one that is stopped in the end
_WITH_SHADOW = ["unshare", "--mount", "sh", "-c", 'mount --bind "$1" /etc/shadow && shift && exec "$@"', "sh"]


def takes_passwords(folder: Path) -> bool:
    """Whether a server with a password can be started here."""
    if not INSTALLED or os.geteuid() or not shutil.which("unshare") or not shutil.which("openssl"):
        return False
    (folder / "shadow").touch()
    return subprocess.run([*_WITH_SHADOW, str(folder / "shadow"), "true"], capture_output=True).returncode == 0


class SftpServer:
    """Serves the file system by public key, or root's by `password`; `folder` is for the files of a test."""

    def __init__(self, root: Path, password: str | None = None) -> None:
        self.root, self.folder = root, root / "out"
        self.folder.mkdir(parents=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        for name in ("host", "client", "stranger"):
            self._keygen(name)
        (root / "authorized").write_text((root / "client.pub").read_text())
        (root / "authorized").chmod(0o600)
        by_password, by_key = ("no", "yes") if password is None else ("yes", "no")
        (root / "sshd_config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {root}/host\nPidFile none\nUsePAM no\nStrictModes no\n"
            f"PasswordAuthentication {by_password}\nKbdInteractiveAuthentication no\nPubkeyAuthentication {by_key}\n"
            f"AuthorizedKeysFile {root}/authorized\nSubsystem sftp internal-sftp\n"
            f"PermitRootLogin {'prohibit-password' if password is None else 'yes'}\n"
        )
        self._command = [str(SSHD), "-D", "-e", "-f", str(root / "sshd_config")]
        if password is not None:
            hashed = subprocess.run(
                ["openssl", "passwd", "-6", "-stdin"], input=password.encode(), capture_output=True, check=True
            ).stdout.decode()
            (root / "shadow").write_text(f"root:{hashed.strip()}:20000:0:99999:7:::\n")
            (root / "shadow").chmod(0o600)
            self._command = [*_WITH_SHADOW, str(root / "shadow"), *self._command]
        self._process: subprocess.Popen[bytes] | None = None

    def _keygen(self, name: str) -> None:
        assert KEYGEN is not None
        subprocess.run([KEYGEN, "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(self.root / name)], check=True)

    @property
    def host_key(self) -> str:
        return (self.root / "host.pub").read_text().strip()

    @property
    def client_key(self) -> str:
        return (self.root / "client").read_text()

    def __enter__(self) -> SftpServer:
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # where sshd, run by root, goes for privilege separation
        log = (self.root / "sshd.log").open("wb")
        self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        log.close()
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                if self._process.poll() is not None:
                    break
                time.sleep(0.02)
            else:
                return self
        raise RuntimeError((self.root / "sshd.log").read_text())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(5)

    def put(self, name: str, content: bytes, modified: float = 1_790_000_000) -> Path:
        """A file of the bank, complete."""
        path = self.folder / name
        path.write_bytes(content)
        os.utime(path, (modified, modified))
        return path
