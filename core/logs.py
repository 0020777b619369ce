"""One JSON line per event on standard output (or a readable line in development)."""

import logging
import logging.config
from collections.abc import Mapping

import structlog


def _escape_control_characters(logger: object, method: str, event: dict[str, object]) -> dict[str, object]:
    """A new line or escape sequence in somebody's input must not look like a log line of ours."""
    for key, value in event.items():
        if isinstance(value, str) and not value.isprintable() and key != "exception":
            event[key] = value.encode("unicode_escape").decode("ascii")
    return event


SHARED_PROCESSORS: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def configure(options: Mapping[str, str]) -> None:
    """Configure structlog and the standard library alike. `options`: level (a name), format ("json" or "console")."""
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=False)
        if options["format"] == "console"
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED_PROCESSORS,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": SHARED_PROCESSORS,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        _escape_control_characters,
                        renderer,
                    ],
                }
            },
            "handlers": {
                "stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line"}
            },
            "root": {"handlers": ["stdout"], "level": options["level"]},
            # The access line of our own middleware says the same with the request id.
            "loggers": {
                # Django's own console handlers would print every line a second time.
                "django": {"handlers": [], "propagate": True},
                "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
                "uvicorn.access": {"level": "WARNING"},
                "celery": {"level": options.get("celery_level", options["level"])},
            },
        }
    )
