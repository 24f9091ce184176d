"""A certificate authority, made anew for each run: EC P-256 throughout, as on the factory network."""

import subprocess
from pathlib import Path


def openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def new_key(path: Path) -> None:
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(path))


def make_authority(folder: Path) -> None:
    new_key(folder / "ca.key")
    openssl("req", "-x509", "-new", "-key", str(folder / "ca.key"), "-days", "2", "-subj", "/CN=test authority",
            "-addext", "basicConstraints=critical,CA:TRUE", "-out", str(folder / "ca.crt"))


def issue(folder: Path, name: str, common_name: str, extensions: str) -> None:
    """Writes NAME.key and NAME.crt, signed by the authority in the folder."""
    new_key(folder / f"{name}.key")
    openssl("req", "-new", "-key", str(folder / f"{name}.key"), "-subj", f"/CN={common_name}",
            "-out", str(folder / f"{name}.csr"))
    (folder / f"{name}.ext").write_text(extensions)
    openssl("x509", "-req", "-in", str(folder / f"{name}.csr"), "-CA", str(folder / "ca.crt"),
            "-CAkey", str(folder / "ca.key"), "-CAcreateserial", "-days", "2", "-extfile", str(folder / f"{name}.ext"),
            "-out", str(folder / f"{name}.crt"))


def make_server(folder: Path, name: str = "server") -> None:
    issue(folder, name, "localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")


def make_client(folder: Path, account: str) -> None:
    issue(folder, account, account, "extendedKeyUsage=clientAuth\n")


def make_signing_key(folder: Path, name: str) -> None:
    new_key(folder / f"{name}.pem")
    openssl("ec", "-in", str(folder / f"{name}.pem"), "-pubout", "-out", str(folder / f"{name}.pub"))


def sign(folder: Path, name: str, text: bytes) -> bytes:
    return subprocess.run(["openssl", "dgst", "-sha256", "-sign", str(folder / f"{name}.pem")], input=text, check=True,
                          capture_output=True).stdout
