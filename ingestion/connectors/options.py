"""The connector block of a source: how a remote system is asked. Everything has a limit; no secret stands here.

A field that ends in `_env` names the environment variable that holds the secret.
"""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

MEGABYTE = 1 << 20
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Options(BaseModel):
    """A block of options: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _safe_url(url: str) -> str:
    """Encrypted, or on this machine; without a password in it."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("expected an address such as https://erp.example.com/path")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("expected https: passwords and tokens must not travel in clear")
    if parts.username or parts.password:
        raise ValueError("a user or password in the address is a secret in the config; use `auth`")
    if parts.fragment:
        raise ValueError("an address of a service has no #fragment")
    return url


Url = Annotated[str, AfterValidator(_safe_url)]
EnvironmentName = Annotated[
    str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="the environment variable that holds the secret")
]
Pointer = Annotated[str, Field(pattern=r"^(/[^/]+)*$", description="JSON pointer (RFC 6901), e.g. /d/results")]


class RetryOptions(Options):
    """Attempts and the time they may take."""

    attempts: int = Field(default=4, ge=1, le=10)
    first_wait_seconds: float = Field(default=1.0, gt=0, le=60, description="before the second attempt; doubles after")
    longest_wait_seconds: float = Field(default=60.0, gt=0, le=900)
    timeout_seconds: float = Field(default=30.0, gt=0, le=600, description="without any answer: the attempt has failed")
    deadline_seconds: float = Field(
        default=1800.0, gt=0, le=14400, description="for one delivery, all attempts together"
    )


# files


class FolderOptions(Options):
    """A folder needs none: the files lie in landing/."""


class FileOptions(RetryOptions):
    """Files that lie on a remote store."""

    pattern: str | None = Field(
        default=None,
        pattern=r"^[^/]+$",
        description="remote file names, e.g. STMT_*.xml; default: the last part of `path`",
    )
    max_bytes: int = Field(default=1024 * MEGABYTE, gt=0, description="a larger file is refused")
    max_files: int = Field(default=10_000, gt=0, description="a longer listing is refused: it is the wrong folder")


class SftpOptions(FileOptions):
    """An SFTP server. Its host key is part of the config: a server that shows another one is not spoken to."""

    host: str
    port: int = Field(default=22, ge=1, le=65535)
    folder: str = Field(description="the remote folder; folders in it are not looked into")
    user: str
    host_key: str = Field(
        pattern=r"^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|ssh-rsa) [A-Za-z0-9+/=]+( .*)?$",
        description="the server's public key as `ssh-keyscan` prints it, without the host: ssh-ed25519 AAAA...",
    )
    password_env: EnvironmentName | None = None
    private_key_env: EnvironmentName | None = Field(
        default=None, description="the variable holds an OpenSSH or PEM key, or the path of its file"
    )
    passphrase_env: EnvironmentName | None = None
    settle_seconds: float = Field(
        default=5.0, ge=0, le=600, description="a file whose size changes in this time is still being written"
    )

    @model_validator(mode="after")
    def _has_one_login(self) -> SftpOptions:
        if (self.password_env is None) == (self.private_key_env is None):
            raise ValueError("expected one of password_env and private_key_env")
        return self


class S3Options(FileOptions):
    """A bucket of an S3-compatible store. Without keys, the machine's own identity (a role) is used."""

    bucket: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,62}$")
    prefix: str = Field(
        default="", pattern=r"^([^/].*)?$", description="a folder in the bucket; none below it is looked into"
    )
    endpoint: Url | None = Field(default=None, description="where the store is not AWS")
    region: str | None = None
    access_key_env: EnvironmentName | None = None
    secret_key_env: EnvironmentName | None = None
    ca_bundle: str | None = Field(default=None, description="certificates of an own authority (path)")

    @model_validator(mode="after")
    def _has_both_keys_or_none(self) -> S3Options:
        if (self.access_key_env is None) != (self.secret_key_env is None):
            raise ValueError("expected access_key_env and secret_key_env, or neither")
        return self


# records over HTTP


class NoAuth(Options):
    """No login."""

    kind: Literal["none"] = "none"


class BasicAuth(Options):
    """User and password with each request (RFC 7617)."""

    kind: Literal["basic"]
    user: str
    password_env: EnvironmentName


class HeaderAuth(Options):
    """A key or token in a header."""

    kind: Literal["header"]
    header: str = Field(default="Authorization", pattern=r"^[A-Za-z0-9-]+$")
    prefix: str = Field(default="", description='before the secret, e.g. "Bearer "')
    value_env: EnvironmentName


class ClientCredentials(Options):
    """OAuth 2.0 client credentials (RFC 6749, 4.4); the token is asked for anew when it ends or is refused."""

    kind: Literal["oauth2"]
    token_url: Url
    client_id: str
    client_secret_env: EnvironmentName
    scope: str | None = None
    parameters: dict[str, str] = Field(default_factory=dict, description="more form fields, e.g. resource or audience")
    client_in: Literal["header", "body"] = "header"


Auth = Annotated[NoAuth | BasicAuth | HeaderAuth | ClientCredentials, Field(discriminator="kind")]


class HttpOptions(RetryOptions):
    """What REST and OData have in common."""

    auth: Auth = NoAuth()
    headers: dict[str, str] = Field(default_factory=dict, description="no secrets: see auth")
    requests_per_minute: float | None = Field(default=None, gt=0)
    max_response_bytes: int = Field(default=64 * MEGABYTE, gt=0, description="one page, unpacked")
    max_bytes: int = Field(
        default=250 * MEGABYTE, gt=0, description="the whole extraction; the JSON reader takes 256 MB"
    )
    max_pages: int = Field(default=10_000, gt=0)
    ca_bundle: str | None = Field(default=None, description="certificates of an own authority (path)")
    key: tuple[str, ...] = Field(
        default=(), description="fields that identify a record: one that comes twice shows that pages have shifted"
    )


class ChangedField(Options):
    """Only records changed since the last extraction, less an overlap for clocks that differ and work in flight."""

    field: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_/]*$")
    type: Literal["DateTimeOffset", "DateTime", "Date"] = "DateTimeOffset"
    overlap_minutes: int = Field(default=60, ge=1, le=60 * 24 * 31)
    start: AwareDatetime | None = Field(default=None, description="for the first extraction; none: everything")


class ODataOptions(HttpOptions):
    """One entity set of an OData service."""

    service: Url = Field(description="the service root, e.g. https://s4.example.com/sap/opu/odata/sap/API_X_SRV")
    entity_set: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    version: Literal["2.0", "4.0"]
    select: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    filter: str | None = None
    parameters: dict[str, str] = Field(
        default_factory=dict, description="more query options, e.g. sap-client or cross-company"
    )
    page_size: int | None = Field(default=None, ge=1, le=100_000)
    paging: Literal["next_link", "skip"] = Field(
        default="next_link", description="skip: $top and $skip, for services that send no next link"
    )
    changed: ChangedField | None = None

    @model_validator(mode="after")
    def _skipping_is_stable(self) -> ODataOptions:
        if self.paging == "skip" and (self.page_size is None or not self.key):
            raise ValueError("paging: skip needs page_size, and key as the order that keeps pages from shifting")
        if self.paging == "next_link" and self.page_size is not None and self.version == "2.0":
            raise ValueError("OData 2.0 lets the server choose the size of a page; page_size needs paging: skip")
        return self


class SinglePage(Options):
    """Everything in one answer."""

    kind: Literal["single"] = "single"


class NextLink(Options):
    """The address of the next page is in the answer: at `field`, or in the header `Link` with rel=next (RFC 8288)."""

    kind: Literal["next_link"]
    field: Pointer | None = None


class OffsetPages(Options):
    """Pages by offset and limit; the end is where the total, or `has_more`, says so."""

    kind: Literal["offset"]
    offset: str = "offset"
    limit: str = "limit"
    page_size: int = Field(default=1000, ge=1, le=100_000)
    has_more: Pointer | None = None


Paging = Annotated[SinglePage | NextLink | OffsetPages, Field(discriminator="kind")]


class ChangedSince(Options):
    """`{changed_since}` in the query or the body stands for the moment since which records are asked for."""

    format: str = Field(default="%Y-%m-%dT%H:%M:%SZ", description="strftime, in UTC")
    overlap_minutes: int = Field(default=60, ge=1, le=60 * 24 * 31)
    start: AwareDatetime


class RestOptions(HttpOptions):
    """A REST resource that lists records as JSON."""

    url: Url
    method: Literal["GET", "POST"] = "GET"
    query: dict[str, str] = Field(default_factory=dict)
    body: dict[str, str] | None = Field(default=None, description="sent as JSON, e.g. {q: SELECT ...} for SuiteQL")
    records: Pointer = Field(description="where the list of records is; empty: the answer itself")
    paging: Paging = SinglePage()
    total: Pointer | None = Field(default=None, description="where the answer says how many records there are in all")
    total_header: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]+$")
    unproven: bool = Field(default=False, description="this server tells no total: completeness rests on its last page")
    changed: ChangedSince | None = None

    @model_validator(mode="after")
    def _completeness_is_told(self) -> RestOptions:
        if sum((self.total is not None, self.total_header is not None, self.unproven)) != 1:
            raise ValueError("expected one of total, total_header and unproven: true (the server tells no total)")
        if isinstance(self.paging, OffsetPages) and self.unproven and self.paging.has_more is None:
            raise ValueError("paging by offset needs a total or has_more: else its end cannot be told from a failure")
        marked = any("{changed_since}" in text for text in [*self.query.values(), *(self.body or {}).values()])
        if marked != (self.changed is not None):
            raise ValueError("`changed` and {changed_since} in query or body belong together")
        return self


# the kinds


class FolderConnector(Options):
    """Files lie in landing/: whoever sends them writes there."""

    kind: Literal["folder"] = "folder"
    options: FolderOptions = FolderOptions()


class SftpConnector(Options):
    """Files of an SFTP server."""

    kind: Literal["sftp"]
    options: SftpOptions


class S3Connector(Options):
    """Objects of an S3-compatible store."""

    kind: Literal["s3"]
    options: S3Options


class RestConnector(Options):
    """Records of a REST resource."""

    kind: Literal["rest"]
    options: RestOptions


class ODataConnector(Options):
    """Records of an OData entity set."""

    kind: Literal["odata"]
    options: ODataOptions


ConnectorConfig = Annotated[
    FolderConnector | SftpConnector | S3Connector | RestConnector | ODataConnector, Field(discriminator="kind")
]
