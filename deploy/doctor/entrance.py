"""Whether staff's browsers get in: the proxy answers over TLS, with the certificate of this server."""

import socket
import ssl
from pathlib import Path

from deploy.doctor.findings import Finding

WHAT = "入口 / proxy"


def entrance(host: str, port: int, certificate: Path) -> Finding:
    """One line. `certificate` is the file the proxy should show."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # which one it shows is compared below
    try:
        with (
            socket.create_connection((host, port), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            shown = secure.getpeercert(binary_form=True)
    except OSError as error:
        said = f"没有应答 / no answer ({type(error).__name__})"
        todo = "quntuan compose up --detach; logs proxy; 证书和私钥是一对吗 / do certificate and key match"
        return Finding("bad", WHAT, said, todo)
    if shown != ssl.PEM_cert_to_DER_cert(_first(certificate)):
        said = "用的不是这台服务器上的证书 / shows another certificate than the one on this server"
        return Finding("bad", WHAT, said, "quntuan setup; quntuan compose restart proxy")
    return Finding("ok", WHAT, "TLS")


def _first(certificate: Path) -> str:
    """A file may hold its chain after it."""
    text = certificate.read_text(encoding="ascii")
    return text[text.index(ssl.PEM_HEADER) : text.index(ssl.PEM_FOOTER) + len(ssl.PEM_FOOTER)]
