"""The Celery application. Tasks are hints; the rows they work on are the truth."""

import os
from pathlib import Path

from celery import Celery
from celery.signals import setup_logging, task_postrun, task_prerun

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commercia.settings.dev")

app = Celery("commercia")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_configure.connect
def make_broker_folders(sender: Celery, **kwargs: object) -> None:
    """The filesystem transport wants its folders to exist."""
    if not str(sender.conf.broker_url).startswith("filesystem"):
        return
    for name in ("data_folder_in", "control_folder", "processed_folder"):
        Path(sender.conf.broker_transport_options[name]).mkdir(parents=True, exist_ok=True)


@setup_logging.connect
def keep_our_logging(**kwargs: object) -> None:
    """Django has configured the logs already; Celery leaves them alone when this signal has a receiver."""


@task_prerun.connect
def bind_request_id(task: object, **kwargs: object) -> None:
    """Carry the request id of the browser's request into the task's log lines."""
    from core import request_ids

    request_ids.bind(getattr(getattr(task, "request", None), "request_id", None) or request_ids.new())


@task_postrun.connect
def unbind_request_id(**kwargs: object) -> None:
    from core import request_ids

    request_ids.clear()
