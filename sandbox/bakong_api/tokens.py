"""Bakong's access tokens: JWTs of 90 days, asked for by e-mail, renewed by e-mail address."""

import base64
import hashlib
import hmac
import json
from typing import Any

from sandbox.store import new_id
from sandbox.world import World

TOKEN, REGISTRATION = "bakong.token", "bakong.registration"
LIFE = 90 * 86400  # seconds
SECRET = b"bakong sandbox"
CODE_LENGTH = 20
DEMO_EMAIL = "shop@commercia.example"


def encoded(value: bytes) -> str:
    """Return bytes as a part of a JWT."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def make_token(world: World, email: str, *, life: int = LIFE) -> str:
    """Return a new token for a registered address that lives for `life` seconds of the sandbox's clock."""
    now = world.clock.now()
    claims = {"data": {"id": new_id("b", 8)[2:]}, "iat": now, "exp": now + life}
    parts = ({"alg": "HS256", "typ": "JWT"}, claims)
    text = ".".join(encoded(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    token = f"{text}.{encoded(hmac.new(SECRET, text.encode(), hashlib.sha256).digest())}"
    accept_token(world, token, email, expires=now + life)
    return token


def accept_token(world: World, token: str, email: str, *, expires: int) -> None:
    """Let a token be used until `expires` (seconds since 1970); a known one stays as it is."""
    if world.store.find(TOKEN, token) is None:
        world.store.add(TOKEN, {"id": token, "email": email, "expires": expires, "revoked": False})


def valid(world: World, authorization: str) -> bool:
    """Tell whether an Authorization header holds a token in force."""
    scheme, _, token = authorization.partition(" ")
    known = world.store.find(TOKEN, token) if scheme == "Bearer" else None
    return known is not None and not known["revoked"] and known["expires"] > world.clock.now()


def revoke_all(world: World) -> int:
    """Make every token useless at once; return how many."""
    tokens = world.store.all(TOKEN)
    for token in tokens:
        token["revoked"] = True
        world.store.touch(TOKEN, token)
    return len(tokens)


def register(world: World, email: str, about: dict[str, Any]) -> str | None:
    """Note a request for a token and return the code of the letter; None for an address that has one already."""
    known = world.store.find(REGISTRATION, f"mail:{email}")
    if known is not None and known["verified"]:
        return None
    code = new_id("x", CODE_LENGTH)[2:]
    if known is None:
        known = world.store.add(REGISTRATION, {"id": f"mail:{email}", "email": email, "verified": False, **about})
    known["code"] = code
    world.store.touch(REGISTRATION, known)
    return code


def verify(world: World, code: str) -> str | None:
    """Return the first token for the code of a letter, None for a wrong code."""
    for known in world.store.all(REGISTRATION):
        if known["code"] == code and not known["verified"]:
            known["verified"] = True
            world.store.touch(REGISTRATION, known)
            return make_token(world, known["email"])
    return None


def renew(world: World, email: str) -> str | None:
    """Return a new token for a verified address, None for an unknown one. Old tokens live on until they expire."""
    known = world.store.find(REGISTRATION, f"mail:{email}")
    return make_token(world, email) if known is not None and known["verified"] else None


def demo_token(world: World) -> str:
    """Return a token for the demonstration shop without a letter, and register its address."""
    name = f"mail:{DEMO_EMAIL}"
    if world.store.find(REGISTRATION, name) is None:
        about = {
            "id": name,
            "email": DEMO_EMAIL,
            "organization": "Commercia",
            "project": "shop",
            "code": "",
            "verified": True,
        }
        world.store.add(REGISTRATION, about)
    return make_token(world, DEMO_EMAIL)
