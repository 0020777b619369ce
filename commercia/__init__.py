"""Composition root: settings, urls, the API router, celery, asgi and wsgi."""

from commercia.celery import app as celery_app

__all__ = ["celery_app"]
