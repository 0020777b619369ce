"""Where uploads lie: on local disk, or in S3 and whatever else speaks its language (how-to: keep photos in S3)."""

import mimetypes
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

FOR_A_YEAR = "public, max-age=31536000, immutable"
# Python 3.11 does not know them, and S3 tells browsers what was guessed from a file's name.
mimetypes.add_type("image/avif", ".avif")
mimetypes.add_type("image/webp", ".webp")


def media(env: environ.Env, root: Path) -> tuple[dict[str, dict], list[str]]:
    """Return the storages of uploads, and the origins beside our own that pages load pictures from."""
    bucket = env.str("S3_BUCKET", default="").strip()
    return s3_media(env, bucket) if bucket else (local_media(root), [])


def local_media(root: Path) -> dict[str, dict]:
    """Return the storages of uploads on local disk: what everybody may see, and originals that nobody is served."""
    backend = "django.core.files.storage.FileSystemStorage"
    return {
        "default": {"BACKEND": backend, "OPTIONS": {"location": str(root / "public"), "base_url": "/media/"}},
        "originals": {"BACKEND": backend, "OPTIONS": {"location": str(root / "originals"), "base_url": None}},
    }


def s3_media(env: environ.Env, bucket: str) -> tuple[dict[str, dict], list[str]]:
    """Return the same storages in S3: public/ for everybody, private/ without any public address.

    Raises ImproperlyConfigured for an address that browsers cannot load pictures from.
    """
    from botocore.config import Config  # takes a fifth of a second, which shops without S3 need not spend

    endpoint = env.str("S3_ENDPOINT_URL", default="").strip().rstrip("/")
    region = env.str("S3_REGION", default="us-east-1").strip()
    usual = f"{endpoint}/{bucket}" if endpoint else f"https://{bucket}.s3.{region}.amazonaws.com"
    public = urlsplit(env.str("S3_PUBLIC_URL", default="").strip().rstrip("/") or usual)
    if public.scheme not in ("https", "http") or not public.netloc or public.query or public.fragment:
        raise ImproperlyConfigured(
            "Set the environment variable S3_PUBLIC_URL to the https:// address under which browsers reach the bucket."
        )
    shared = {
        "access_key": env.str("S3_ACCESS_KEY_ID", default="") or None,
        "secret_key": env.str("S3_SECRET_ACCESS_KEY", default="") or None,
        "endpoint_url": endpoint or None,
        "region_name": region,
        # Two things that were named alike never replace each other.
        "file_overwrite": False,
        "default_acl": None,
        "client_config": Config(
            signature_version="s3v4",
            # Servers other than Amazon's refuse checksums that they do not know, and names of buckets as host names.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path" if endpoint else "auto"},
            connect_timeout=5,
            read_timeout=30,
            retries={"max_attempts": 2},
        ),
    }
    shown = {
        "bucket_name": bucket,
        "location": "public",
        "querystring_auth": False,
        "custom_domain": f"{public.netloc}{public.path}",
        "url_protocol": f"{public.scheme}:",
        "object_parameters": {"CacheControl": FOR_A_YEAR},
    }
    kept = {
        "bucket_name": env.str("S3_ORIGINALS_BUCKET", default="").strip() or bucket,
        "location": "private",
        "querystring_auth": True,
        "querystring_expire": 300,
    }
    backend = "storages.backends.s3.S3Storage"
    storages = {
        "default": {"BACKEND": backend, "OPTIONS": {**shared, **shown}},
        "originals": {"BACKEND": backend, "OPTIONS": {**shared, **kept}},
    }
    return storages, [f"{public.scheme}://{public.netloc}"]
