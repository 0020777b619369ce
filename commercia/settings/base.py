"""Settings shared by every environment. Values that differ between shops come from environment variables."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import environ

from commercia.settings.media import media
from commercia.settings.paying import providers
from commercia.settings.sweeps import SWEEPS

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = BASE_DIR / "var"

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")


def list_of_hosts(text: str) -> list[str]:
    """Split host names on commas and white space, so that "a.example, b.example" and "a b" both work."""
    return text.replace(",", " ").split()


# --- Who we are -------------------------------------------------------------------------------------------------
SHOP_NAME = env.str("SHOP_NAME", default="Commercia")
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
SHOP_EMAIL = env.str("SHOP_EMAIL", default="shop@localhost")
SHOP_CURRENCY = env.str("SHOP_CURRENCY", default="USD")
SHOP_COUNTRY = env.str("SHOP_COUNTRY", default="KH")
PRICES_INCLUDE_TAX = env.bool("PRICES_INCLUDE_TAX", default=True)
LOW_STOCK_THRESHOLD = env.int("LOW_STOCK_THRESHOLD", default=2)
RETURN_DAYS = env.int("RETURN_DAYS", default=14)
BANK_TRANSFER_INSTRUCTIONS = env.str("BANK_TRANSFER_INSTRUCTIONS", default="")
PICKUP_ADDRESS = env.str("PICKUP_ADDRESS", default="")
# What one person may give back of an order alone, in the shop's currency.
REFUND_APPROVAL_ABOVE = Decimal(env.str("REFUND_APPROVAL_ABOVE", default="200"))

# --- Payment providers: a way of paying shows at checkout only when it is configured -----------------------------
PROVIDERS = providers(env)
vars().update(PROVIDERS)

# --- Django -----------------------------------------------------------------------------------------------------
ALLOWED_HOSTS = list_of_hosts(env.str("ALLOWED_HOSTS", default=""))
CSRF_TRUSTED_ORIGINS = list_of_hosts(env.str("CSRF_TRUSTED_ORIGINS", default=""))
ROOT_URLCONF = "commercia.urls"
WSGI_APPLICATION = "commercia.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"

INSTALLED_APPS = [
    "backoffice.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "rest_framework",
    "rest_framework_simplejwt",
    "rest_framework_simplejwt.token_blacklist",
    "django_filters",
    "djoser",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "core",
    "notifications",
    "accounts",
    "catalog",
    "payments",
    "carts",
    "orders",
    "rentals",
    "storefront",
    "backoffice.apps.BackofficeConfig",
]

MIDDLEWARE = [
    "commercia.health.HealthMiddleware",
    "core.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "core.middleware.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates" / "jinja2"],
        "OPTIONS": {
            "environment": "storefront.jinja.environment",
            "context_processors": [
                "django.contrib.messages.context_processors.messages",
                "storefront.context.page",
                "storefront.chosen.choices",
            ],
        },
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database ---------------------------------------------------------------------------------------------------
DATABASE_URL = env.str("DATABASE_URL", default="").strip() or f"sqlite:///{quote(str(VAR_DIR / 'commercia.sqlite3'))}"
DATABASES = {"default": env.db_url_config(DATABASE_URL)}
# Opening a connection costs as much as a whole page from the cache.
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=0)
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE takes the write lock at BEGIN: web and worker queue up instead of failing in the middle.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["OPTIONS"] = {
        "charset": "utf8mb4",
        "isolation_level": "read committed",
        # MySQL cuts what GROUP_CONCAT joins (catalog.fingerprint) at 1,024 characters unless told otherwise.
        "init_command": (
            "SET sql_mode='STRICT_TRANS_TABLES', innodb_lock_wait_timeout=10, group_concat_max_len=1048576"
        ),
    }
    DATABASES["default"]["TEST"] = {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_unicode_520_ci"}

# --- Cache and sessions: nothing that must be right rests on the cache ------------------------------------------
CACHE_URL = env.str("CACHE_URL", default="")
# How long data and pieces of pages are kept at most. Changes show at once all the same; 0 keeps nothing.
CACHE_SECONDS = env.int("CACHE_SECONDS", default=300)
CACHES = {
    "default": {
        "BACKEND": "core.redis_cache.TolerantRedisCache",
        "LOCATION": CACHE_URL,
        # A Redis that hangs must not hold a page for longer than making it anew takes.
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
    }
    if CACHE_URL
    else {
        "BACKEND": "core.local_cache.LocalCache",
        "LOCATION": "commercia",
        "OPTIONS": {"MAX_ENTRIES": 1_000},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "storefront.views.pages.refused"
CSRF_COOKIE_SAMESITE = "Lax"

# --- Language and time ------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("km", "ភាសាខ្មែរ")]
TIME_ZONE = env.str("SHOP_TIME_ZONE", default="Asia/Phnom_Penh")
USE_I18N = True
USE_TZ = True

# --- Static files -----------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(VAR_DIR / "static"))

# --- Uploads ----------------------------------------------------------------------------------------------------
MEDIA_ROOT = Path(env.path("MEDIA_ROOT", default=str(VAR_DIR / "media")))
MEDIA_STORAGES, PICTURE_ORIGINS = media(env, MEDIA_ROOT)
STORAGES = {
    **MEDIA_STORAGES,
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- People -----------------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["accounts.backends.EmailBackend"]
PASSWORD_HASHERS = [
    "accounts.hashers.Argon2idHasher",
    "django.contrib.auth.hashers.BCryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "accounts.validators.MaximumLengthValidator"},
]
LOGIN_URL = "storefront:login"
LOGIN_REDIRECT_URL = "storefront:account"
LOGOUT_REDIRECT_URL = "storefront:home"
STAFF_IDLE_MINUTES = env.int("STAFF_IDLE_MINUTES", default=30)  # without a page, then the session ends
STAFF_LONGEST_HOURS = env.int("STAFF_LONGEST_HOURS", default=12)  # then it ends in any case
STAFF_PROOF_MINUTES = env.int("STAFF_PROOF_MINUTES", default=10)  # how old the proof may be for what weighs more
OTP_TOTP_ISSUER = SHOP_NAME
# Links to verify an e-mail or to reset a password work for so many seconds.
PASSWORD_RESET_TIMEOUT = 60 * 60 * 24
# Where letters lead. The storefront serves these paths.
ACCOUNT_PAGES = {
    "login": "/account/login/",
    "forgotten": "/account/password/forgotten/",
    "verify": "/account/verify/{token}/",
    "reset": "/account/password/reset/{uid}/{token}/",
}

# --- Security headers -------------------------------------------------------------------------------------------
# The setting has Django 6's name and shape, so that our middleware can be deleted after the upgrade.
SECURE_CSP = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:", *PICTURE_ORIGINS],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    # Browsers want to know where a form may lead in the end: ours lead to the card processor's page.
    "form-action": ["'self'", *([PROVIDERS["STRIPE_PAGES"]] if PROVIDERS["STRIPE_SECRET_KEY"] else [])],
    "base-uri": ["'none'"],
    "object-src": ["'none'"],
    "frame-ancestors": ["'none'"],
    "report-uri": ["/policy-reports/"],
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

# --- E-mail -----------------------------------------------------------------------------------------------------
# smtp+tls://user:password@mail.example:587 speaks STARTTLS; smtps://…:465 speaks TLS from the first byte.
EMAIL_URL = env.str("EMAIL_URL", default="").strip() or f"filemail:///{quote(str(VAR_DIR / 'letters'))}"
# django-environ reads smtps:// as STARTTLS; everybody else, and we, as TLS from the first byte.
EMAIL_CONFIG = env.email_url_config(EMAIL_URL.replace("smtps://", "smtp+ssl://", 1))
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=10)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"{SHOP_NAME} <{SHOP_EMAIL}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- API --------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.AccessTokenAuthentication",
        "accounts.api.authentication.BrowserAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["core.api.permissions.DenyByDefault"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.api.parsers.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "core.api.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.ShopSchema",
    "DEFAULT_THROTTLE_CLASSES": ["core.api.throttles.AnonymousThrottle", "core.api.throttles.AccountThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        # A shopper never meets these; a script does.
        "anonymous": "600/min",
        "account": "1200/min",
        "login": "30/min",
        "checkout": "60/min",
        "lookup": "20/min",
        "suggest": "300/min",
        "watch": "20/min",
        "review": "20/min",
    },
    "EXCEPTION_HANDLER": "core.api.problems.problem_response",
    "DATETIME_FORMAT": "iso-8601",
    "NUM_PROXIES": env.int("NUM_PROXIES", default=0),
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=10),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "CHECK_REVOKE_TOKEN": True,
    "UPDATE_LAST_LOGIN": False,
    "USER_AUTHENTICATION_RULE": "accounts.backends.may_sign_in",
    "AUTH_HEADER_TYPES": ("Bearer",),
}
# djoser's routes under /auth/ are listed one by one in accounts/api/urls.py; its letters and writes are ours.
DJOSER = {
    "TOKEN_MODEL": None,
    "SEND_ACTIVATION_EMAIL": True,
    "PASSWORD_CHANGED_EMAIL_CONFIRMATION": True,
    "LOGOUT_ON_PASSWORD_CHANGE": True,
    "PASSWORD_RESET_SHOW_EMAIL_NOT_FOUND": False,
    "USERNAME_RESET_SHOW_EMAIL_NOT_FOUND": False,
    "HIDE_USERS": True,
    "ACTIVATION_URL": ACCOUNT_PAGES["verify"].strip("/"),
    "PASSWORD_RESET_CONFIRM_URL": ACCOUNT_PAGES["reset"].strip("/"),
    "SERIALIZERS": {
        "user_create": "accounts.api.serializers.RegistrationSerializer",
        "user": "accounts.api.serializers.ProfileSerializer",
        "current_user": "accounts.api.serializers.ProfileSerializer",
        "activation": "accounts.api.serializers.ActivationSerializer",
        "password_reset": "accounts.api.serializers.EmailSerializer",
        "password_reset_confirm": "accounts.api.serializers.PasswordResetConfirmSerializer",
        "set_password": "accounts.api.serializers.PasswordChangeSerializer",
    },
    "PERMISSIONS": {
        "activation": ["rest_framework.permissions.AllowAny"],
        "password_reset": ["rest_framework.permissions.AllowAny"],
        "password_reset_confirm": ["rest_framework.permissions.AllowAny"],
        "set_password": ["rest_framework.permissions.IsAuthenticated"],
        "set_username": ["core.api.permissions.DenyByDefault"],
        "username_reset": ["core.api.permissions.DenyByDefault"],
        "username_reset_confirm": ["core.api.permissions.DenyByDefault"],
        "user_create": ["rest_framework.permissions.AllowAny"],
        "user_delete": ["core.api.permissions.DenyByDefault"],
        "user": ["rest_framework.permissions.IsAuthenticated"],
        "user_list": ["core.api.permissions.DenyByDefault"],
        "token_create": ["core.api.permissions.DenyByDefault"],
        "token_destroy": ["core.api.permissions.DenyByDefault"],
    },
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Commercia API",
    "DESCRIPTION": "Refurbished computers: catalogue, cart, orders. Errors are RFC 9457 problem documents.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "core.api.schema.add_problems",
    ],
    "ENUM_NAME_OVERRIDES": {
        "OrderState": "orders.flow.OrderState",
        "ShipmentState": "orders.flow.ShipmentState",
        "BillState": "payments.flow.BillState",
        "PaymentState": "payments.flow.PaymentState",
        "RefundState": "payments.flow.RefundState",
        "AgreementState": "rentals.flow.AgreementState",
        "InstalmentState": "rentals.overview.RowState",
        "PaymentMethodCode": "payments.models.Payment.Method",
        "Grade": "catalog.models.Variant.Grade",
    },
}

# --- Background work --------------------------------------------------------------------------------------------
BROKER_DIR = VAR_DIR / "broker"
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="filesystem://localhost")
CELERY_TASK_ALWAYS_EAGER = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_TIME_LIMIT = 300
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TIMEZONE = "UTC"
if CELERY_BROKER_URL.startswith("filesystem"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "control_folder": str(BROKER_DIR / "control"),
        "processed_folder": str(BROKER_DIR / "processed"),
        "store_processed": False,
        "polling_interval": 0.1,
    }
elif CELERY_BROKER_URL.startswith(("amqp", "pyamqp")):
    CELERY_TASK_DEFAULT_QUEUE_TYPE = "quorum"
    CELERY_TASK_DEFAULT_EXCHANGE_TYPE = "topic"
    CELERY_WORKER_DETECT_QUORUM_QUEUES = True
    CELERY_BROKER_TRANSPORT_OPTIONS = {"confirm_publish": True, "confirm_timeout": 5}
CELERY_BEAT_SCHEDULE = SWEEPS
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")

# --- Logs -------------------------------------------------------------------------------------------------------
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOG_FORMAT = env.str("LOG_FORMAT", default="json")
LOGGING_CONFIG = "core.logs.configure"
LOGGING = {"level": LOG_LEVEL, "format": LOG_FORMAT}
