"""A real mail server on loopback: STARTTLS, log-in, one connection for a batch, refusals."""

import datetime as dt
import ipaddress
import ssl

import environ
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from notifications.delivery import deliver_due
from notifications.models import Email

pytestmark = pytest.mark.django_db


class PostOffice:
    """Keeps what it gets; refuses the people it does not know."""

    def __init__(self):
        self.letters, self.sessions, self.tls = [], set(), set()
        self.unknown: dict[str, str] = {}

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  (aiosmtpd's name)
        if address in self.unknown:
            return self.unknown[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.letters.append((envelope.rcpt_tos, envelope.content))
        self.sessions.add(session.peer)
        self.tls.add(session.ssl is not None)
        return "250 OK"


class FreePortController(Controller):
    """Listens on a port that the system chooses."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("certificate")
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder


def use(settings, url: str) -> None:
    for name, value in environ.Env.email_url_config(url).items():
        setattr(settings, name, value)


@pytest.fixture
def office(settings):
    handler = PostOffice()
    controller = FreePortController(handler, hostname="127.0.0.1", port=0)
    controller.start()
    use(settings, f"smtp://127.0.0.1:{controller.port}")
    yield handler
    controller.stop()


@pytest.fixture
def tls_office(settings, certificate):
    """A server that takes letters only after STARTTLS and log-in."""
    handler = PostOffice()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")

    def log_in(server, session, envelope, mechanism, data):
        right = (data.login, data.password) == (b"shop", b"p@ss/word")
        return AuthResult(success=right, handled=right)

    controller = FreePortController(
        handler,
        hostname="127.0.0.1",
        port=0,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=log_in,
    )
    controller.start()
    use(settings, f"smtp+tls://shop:p%40ss%2Fword@127.0.0.1:{controller.port}")
    yield handler
    controller.stop()


def test_batch_goes_over_one_connection_in_order(office, queue):
    for n in range(3):
        queue(f"k{n}", to=f"p{n}@example.com", name="សុខ")
    assert deliver_due() == 3
    assert [recipients for recipients, _ in office.letters] == [[f"p{n}@example.com"] for n in range(3)]
    assert len(office.sessions) == 1
    content = office.letters[0][1]
    assert Email.objects.order_by("pk").first().message_id.encode() in content
    assert b"Auto-Submitted: auto-generated\r\n" in content


def test_unknown_recipient_is_final_and_the_next_letter_goes_out(office, queue):
    office.unknown = {"nobody@example.com": "550 5.1.1 no such user", "later@example.com": "451 4.7.1 greylisted"}
    for name in ("nobody", "later", "dara"):
        queue(name, to=f"{name}@example.com")
    assert deliver_due() == 1
    rows = Email.objects.order_by("pk").values_list("state", "last_error")
    assert list(rows) == [
        ("failed", "550 5.1.1 no such user"),
        ("queued", "451 4.7.1 greylisted"),
        ("sent", ""),
    ]


def test_starttls_and_log_in_from_the_url(tls_office, queue, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    queue()
    assert deliver_due() == 1
    assert tls_office.tls == {True}


def test_unknown_certificate_stops_the_letter_before_the_password_leaves(tls_office, queue):
    email = queue()
    assert deliver_due() == 0
    email.refresh_from_db()
    assert email.state == "queued"
    assert email.last_error.startswith("SSLCertVerificationError: ")
    assert tls_office.letters == []


def test_wrong_password_waits_for_the_shop_to_repair_it(tls_office, queue, certificate, monkeypatch, settings):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    settings.EMAIL_HOST_PASSWORD = "wrong"
    email = queue()
    assert deliver_due() == 0
    email.refresh_from_db()
    assert (email.state, email.tries) == ("queued", 1)
    assert email.last_error.startswith("535 5.7.8")


def test_nobody_listens(queue, settings):
    use(settings, "smtp://127.0.0.1:1")
    email = queue()
    assert deliver_due() == 0
    email.refresh_from_db()
    assert (email.state, email.last_error) == ("queued", "ConnectionRefusedError: [Errno 111] Connection refused")
