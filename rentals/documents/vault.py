"""Where contracts are kept: in private storage, each once, under its hash. The stored bytes are the truth."""

from hashlib import sha256

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

from core.refusals import Refusal
from rentals.documents.contract import Contract, draw_up
from rentals.models import Agreement

FOLDER = "contracts"


def keep_contract(agreement: Agreement) -> Contract:
    """Draw up the contract of an agreement and keep its file. To be called outside transactions."""
    contract = draw_up(agreement)
    name = _name(contract.sha256)
    if not _storage().exists(name):
        _storage().save(name, ContentFile(contract.content))
    return contract


def contract_of(agreement: Agreement) -> bytes:
    """Return the contract: of a signed agreement the stored file that was signed, else as it reads now.

    Raises Refusal("contract_missing") when the stored file is gone or not the one that was signed.
    """
    if not agreement.contract_sha256:
        return draw_up(agreement).content
    try:
        with _storage().open(_name(agreement.contract_sha256)) as file:
            content = file.read()
    except FileNotFoundError:
        content = b""
    if sha256(content).hexdigest() != agreement.contract_sha256:
        raise Refusal("contract_missing", "The signed contract cannot be read at the moment. Please write to us.")
    return content


def _name(digest: str) -> str:
    return f"{FOLDER}/{digest[:2]}/{digest}.pdf"


def _storage() -> Storage:
    return storages["originals"]
