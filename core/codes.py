"""Public identifiers and secrets. Primary keys never leave the database."""

import hashlib
import secrets

# No 0/O, 1/I/L and no U (so that no rude words arise): a person can read it over the phone.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def public_code(length: int = 8) -> str:
    """Return a random code for people to read, `length` characters from a 30 letter alphabet."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def secret_token() -> str:
    """Return a URL-safe secret with 192 bits from the operating system's generator."""
    return secrets.token_urlsafe(24)


def token_hash(token: str) -> str:
    """Return the SHA-256 of a secret, in hex: what we store instead of the secret itself."""
    return hashlib.sha256(token.encode()).hexdigest()
