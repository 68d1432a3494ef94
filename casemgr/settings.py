"""Settings come from the environment, and only from there: every variable is in .env.example and the README's table."""

import secrets
import sys
from pathlib import Path
from typing import Any

import environ
import structlog
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from whitenoise.compress import Compressor

import casemgr.celery  # noqa: F401  (whoever has settings rings with this; the witness has none)

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()

VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))

# `make demo` leaves the addresses of the services it started here, so that manage.py works by hand beside it.
if (services := VAR_DIR / "services.env").is_file():
    env.read_env(str(services))


def secret(variable: str, file: str) -> str:
    """The variable, else a random value made once and kept in a file that only its owner can read."""
    if value := env.str(variable, default=""):
        return value
    path = VAR_DIR / "keys" / file
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            fresh = path.with_suffix(f".{secrets.token_hex(4)}")
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(64))
            try:
                path.hardlink_to(fresh)  # the first of two processes wins; both then read the same value
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return path.read_text()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{variable} is not set and {path} cannot be used ({error.strerror}). "
            f"Set {variable}, or give this user the right to write there."
        ) from error


DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = secret("SECRET_KEY", "secret_key")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# Identifiers of account holders are hashed under the first key, events sealed with the second: neither may change.
IDENTIFIER_PEPPER = secret("IDENTIFIER_PEPPER", "identifier_pepper")
EVENT_SEAL_KEY = secret("EVENT_SEAL_KEY", "event_seal_key")
# Wraps the keys of people whose personal data the trail keeps apart. Losing it is the same as erasing them all.
PRIVATE_DATA_KEY = secret("PRIVATE_DATA_KEY", "private_data_key")
TRAIL_ORIGIN = env.str("TRAIL_ORIGIN", default="casemgr.localhost/trail")
TRAIL_KEY_FILE = Path(env.str("TRAIL_KEY_FILE", default=str(VAR_DIR / "keys" / "trail.key")))
# Where `manage.py signer` listens. Empty: the sequencer signs itself, and its process can read the key.
TRAIL_SIGNER_SOCKET = env.str("TRAIL_SIGNER_SOCKET", default="")
# What letters and reports are signed with: a key and its certificates in PEM.
DOCUMENT_KEY_FILE = Path(env.str("DOCUMENT_KEY_FILE", default=str(VAR_DIR / "keys" / "documents.pem")))
# Where `manage.py document_signer` listens. Empty: the worker signs itself, and its process can read the key.
DOCUMENT_SIGNER_SOCKET = env.str("DOCUMENT_SIGNER_SOCKET", default="")

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_filters",
    "django_htmx",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "pgtrigger",
    "rest_framework",
    "rules.apps.AutodiscoverRulesConfig",
    "template_partials.apps.SimpleAppConfig",
    "casemgr",
    "apps.core",
    "apps.audit",
    "apps.staff",
    "apps.records",
    "apps.policies",
    "apps.accounts",
    "apps.alerts",
    "apps.evidence",
    "apps.cases",
    "apps.enforcement",
    "apps.counsel",
    "apps.notices",
    "apps.service",
    "apps.appeals",
    "apps.transparency",
    "apps.disclosures",
    "apps.insights",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "apps.core.downloads.on_their_own_host",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "apps.core.middleware.refuse_prefetch",
    "apps.core.middleware.refuse_null_characters",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.audit.middleware.RequestFactsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
]

ROOT_URLCONF = "casemgr.urls"
WSGI_APPLICATION = "casemgr.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.core.context.shell",
                "apps.insights.context.rail",
            ],
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "builtins": ["apps.core.templatetags.ui", "template_partials.templatetags.partials"],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- database and broker ---------------------------------------------------------------------------------------------

IS_SIGNER = sys.argv[1:2] in (["signer"], ["document_signer"])  # the processes that hold keys reach no database
if not env.str("DATABASE_URL", default="") and not IS_SIGNER:
    raise ImproperlyConfigured(
        "DATABASE_URL is not set and no services of `make demo` were found. Start `make demo`, or set DATABASE_URL to "
        "a PostgreSQL 15 or newer, for example postgres://casemgr:password@127.0.0.1:5432/casemgr"
    )
DATABASES: dict[str, dict[str, Any]] = {
    "default": {"ENGINE": "django.db.backends.dummy"} if IS_SIGNER else dict(env.db_url("DATABASE_URL"))
}
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# The triggers look at pgtrigger.ignore for each row. Where it is not set they recover from an error each time, and
# PostgreSQL then walks through all rows of the transaction: a minute instead of a second for 24,000 accounts.
# Only apps.core.prepared prepares statements, and what it prepares has one good plan, whatever the parameters.
_options = DATABASES["default"].setdefault("OPTIONS", {})
_session = "-c pgtrigger.ignore={} -c plan_cache_mode=force_generic_plan"
_options["options"] = f"{_options.get('options', '')} {_session}".strip()
_options["prepare_threshold"] = 5
# `migrate` installs all triggers as the models have them now, and removes others. As operations of migrations each of
# the three hundred would render all models anew: half a minute for what takes seconds.
PGTRIGGER_MIGRATIONS = False
PGTRIGGER_INSTALL_ON_MIGRATE = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Only signing in asks it: how often somebody was refused and which one-time codes were used, over all processes.
CACHES = {"default": {"BACKEND": "apps.core.cache.SharedCache"}}

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# A message is put back so many seconds after its worker died; above the longest task, or that would run twice.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
}

# --- people ----------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "staff.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # e-mail is unique without regard to case, by a constraint on lower(email)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "apps.staff.adapter.ClosedSignUp"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = {
    "login_failed": env.str("LOGIN_FAILED_LIMIT", default="10/m/ip,5/5m/key"),
    # A letter's code has 40 bits: at this pace one in 100,000 is guessed in a year, however many addresses try; and to
    # keep its recipient out takes seventeen of them.
    "open_letter": env.str("LETTER_CODE_LIMIT", default="10/m/ip,60/h/ip,1000/h/key"),
    # A reference has 50 bits, and tells only that a letter was issued.
    "verify_letter": env.str("LETTER_VERIFY_LIMIT", default="20/m/ip,200/h/ip"),
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "casemgr"
MFA_ADAPTER = "apps.staff.adapter.EncryptedSecrets"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

# --- transport and browser -------------------------------------------------------------------------------------------

HTTPS = env.bool("HTTPS", default=False)
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
# How many proxies of ours stand in front: the address in the trail is read that many steps back, and is never what
# the client itself claims.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
# What others brought is sent from here, such as https://files.casemgr.example: the same service under another name.
DOWNLOAD_ORIGIN = env.str("DOWNLOAD_ORIGIN", default="").rstrip("/")
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "frame-src": [SELF],  # a letter beside its statements
        # Asking for a copy leads to the host that sends it.
        "form-action": [SELF, DOWNLOAD_ORIGIN] if DOWNLOAD_ORIGIN else [SELF],
    }
}

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [
    ("css", BASE_DIR / "casemgr" / "frontend" / "css"),
    ("js", BASE_DIR / "casemgr" / "frontend" / "js"),
    ("vendor", BASE_DIR / "var" / "frontend"),  # icons and fonts, built from their packages at set-up
]
# Nothing asks for the names without a hash, and source maps take longer to compress than all the rest.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    "vault": {"BACKEND": "apps.core.vault.disk.Disk"},
}
# The vault in an S3-compatible bucket instead of VAULT_DIR, which then holds only what is arriving. Its credentials are
# those that boto3 finds by itself. A lock needs a bucket that was made with Object Lock.
if VAULT_S3_BUCKET := env.str("VAULT_S3_BUCKET", default=""):
    STORAGES["vault"] = {
        "BACKEND": "apps.core.vault.bucket.Bucket",
        "OPTIONS": {
            "bucket_name": VAULT_S3_BUCKET,
            "endpoint_url": env.str("VAULT_S3_ENDPOINT", default="") or None,
            "region_name": env.str("VAULT_S3_REGION", default="") or None,
            "mode": env.str("VAULT_S3_LOCK_MODE", default=""),
            "days": env.int("VAULT_S3_LOCK_DAYS", default=0),
            "legal_hold": env.bool("VAULT_S3_LEGAL_HOLD", default=False),
        },
    }

# --- language and time -----------------------------------------------------------------------------------------------

# Its pages are English; letters and what their recipients open are in the recipient's language.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "casemgr" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

# --- API -------------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.staff.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apps.core.problems.handle",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "casemgr API",
    "DESCRIPTION": "Detectors post alerts here and learn what became of them. Errors are RFC 9457 problem documents.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
# One alert, and one request: the intake answers 413 above these.
ALERT_MAX_BYTES = 256 * 1024
INTAKE_MAX_BYTES = env.int("INTAKE_MAX_BYTES", default=128 * 1024 * 1024)
INTAKE_MAX_UNPACKED_BYTES = env.int("INTAKE_MAX_UNPACKED_BYTES", default=1024**3)
# Of each API key: 429 above these, unless its detector has limits of its own.
INTAKE_REQUESTS_PER_SECOND = env.int("INTAKE_REQUESTS_PER_SECOND", default=1000)
INTAKE_ITEMS_PER_DAY = env.int("INTAKE_ITEMS_PER_DAY", default=100_000_000)
# Requests that one web process takes in at a time: 503 at once above, while people still get their pages.
INTAKE_AT_WORK = env.int("INTAKE_AT_WORK", default=6)
# Of signed messages: how far their time may be from ours, in seconds, and the largest that is signed with Ed25519,
# which signs a message as a whole.
INTAKE_SIGNATURE_WINDOW = env.int("INTAKE_SIGNATURE_WINDOW", default=300)
INTAKE_ED25519_MAX_BYTES = env.int("INTAKE_ED25519_MAX_BYTES", default=8 * 1024 * 1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
UPLOAD_MAX_BYTES = env.int("UPLOAD_MAX_BYTES", default=2 * 1024**3)
# Of archives that are uploaded: what passes these is kept apart until a person has looked at it.
UPLOAD_MAX_UNPACKED_BYTES = env.int("UPLOAD_MAX_UNPACKED_BYTES", default=8 * 1024**3)
UPLOAD_MAX_ENTRIES = env.int("UPLOAD_MAX_ENTRIES", default=10_000)
# Within so many days every file of the vault is measured again, a part of them each night.
FIXITY_DAYS = env.int("FIXITY_DAYS", default=30)
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

# A measure against more accounts is held until a third person releases it, as those of high impact always are.
DECISION_HELD_ABOVE = env.int("DECISION_HELD_ABOVE", default=1000)

# A loud band over every page: the data is invented.
DRILL = env.bool("DRILL", default=False)
# Where Apache Spark does the first stages of every linkage of all accounts; empty: the worker does them.
SPARK_MASTER = env.str("SPARK_MASTER", default="")
# Accounts in the smallest ring that is shown. Fewer than eight are a family or a team more often than a campaign.
RING_LEAST = env.int("RING_LEAST", default=8)

# Where webhooks may go: names of hosts (`.example.org` for all below it, `*` for every one), and networks that are not
# on the internet. A drill may call this machine.
WEBHOOK_HOSTS = env.list("WEBHOOK_HOSTS", default=["localhost", "127.0.0.1"] if DRILL else [])
WEBHOOK_NETWORKS = env.list("WEBHOOK_NETWORKS", default=["127.0.0.0/8", "::1/128"] if DRILL else [])

# --- anchors of the trail --------------------------------------------------------------------------------------------

# Witnesses with their keys and addresses, and how many of them have to agree: a file in the form of C2SP tlog-policy.
TRAIL_POLICY_FILE = env.str("TRAIL_POLICY_FILE", default="")
# Time-stamping authorities (RFC 3161), and a PEM file with the certificates that they are trusted by.
TRAIL_TIMESTAMP_URLS = env.list("TRAIL_TIMESTAMP_URLS", default=[])
TRAIL_TIMESTAMP_ROOTS = env.str("TRAIL_TIMESTAMP_ROOTS", default="")
TRAIL_TIMESTAMP_SECONDS = env.int("TRAIL_TIMESTAMP_SECONDS", default=3000)
# Write-once stores of checkpoints: directories, or s3://bucket/prefix with Object Lock, and for how many years.
TRAIL_COPIES = env.list("TRAIL_COPIES", default=[])
TRAIL_COPY_SECONDS = env.int("TRAIL_COPY_SECONDS", default=300)
TRAIL_COPY_YEARS = env.int("TRAIL_COPY_YEARS", default=10)
# Networks that are not on the internet in which witnesses and authorities may be.
TRAIL_NETWORKS = env.list("TRAIL_NETWORKS", default=["127.0.0.0/8", "::1/128"] if DRILL else [])
# What a letter or a report waits for before its file is made: sequenced, witnessed, timestamped.
TRAIL_ISSUE_NEEDS = env.list("TRAIL_ISSUE_NEEDS", default=[])
# Where certificates of signers and authorities may have us ask whether they were revoked (CRL, OCSP).
REVOCATION_HOSTS = env.list("REVOCATION_HOSTS", default=[])

# --- files, letterhead, log ------------------------------------------------------------------------------------------

VAULT_DIR = Path(env.str("VAULT_DIR", default=str(VAR_DIR / "vault")))
# What was erased, so that it can be erased once more after a restore: kept apart from the database and its backups.
ERASURE_JOURNAL = Path(env.str("ERASURE_JOURNAL", default=str(VAR_DIR / "records" / "erasures.jsonl")))
PROVIDER = {
    "name": env.str("PROVIDER_NAME", default="Northlight AI"),
    "legal_name": env.str("PROVIDER_LEGAL_NAME", default="Northlight AI Ltd"),
    "unit": env.str("PROVIDER_UNIT", default="Trust and Safety"),
    "address": env.list("PROVIDER_ADDRESS", default=["1 Harbour Street", "Dublin"]),
    "contact": env.str("PROVIDER_CONTACT", default="enforcement@northlight.example"),
    "appeals_url": env.str("APPEALS_URL", default="https://appeals.northlight.example"),
    # The page /verify/ of this service, as the world outside reaches it.
    "verify_url": env.str("VERIFY_URL", default="https://appeals.northlight.example/verify"),
    "jurisdiction": env.str("PROVIDER_JURISDICTION", default="Ireland"),
}
# Whether letters within the European Economic Area say that they give reasons voluntarily in the form of the DSA, or
# that they have to: `voluntary` or `required`.
DSA_STATEMENTS = env.str("DSA_STATEMENTS", default="voluntary")

# --- the DSA Transparency Database -----------------------------------------------------------------------------------

# Where statements of reasons are handed in, e.g. https://transparency.dsa.ec.europa.eu; empty: none is. The token is
# read from here and nowhere else. Networks that are not on the internet in which it may be.
TRANSPARENCY_URL = env.str("TRANSPARENCY_URL", default="")
TRANSPARENCY_TOKEN = env.str("TRANSPARENCY_TOKEN", default="")
TRANSPARENCY_NETWORKS = env.list("TRANSPARENCY_NETWORKS", default=["127.0.0.0/8", "::1/128"] if DRILL else [])

# --- service of letters ----------------------------------------------------------------------------------------------

EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"  # only letters leave, by apps.service.mail
# The mail server that takes letters; empty: none leaves by e-mail. EMAIL_TLS is starttls, implicit, or none, for one on
# this machine.
EMAIL_HOST = env.str("EMAIL_HOST", default="")
EMAIL_PORT = env.int("EMAIL_PORT", default=587)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", default="")
EMAIL_TLS = env.str("EMAIL_TLS", default="starttls")
EMAIL_CA_FILE = env.str("EMAIL_CA_FILE", default="")
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=30)
if EMAIL_TLS not in ("starttls", "implicit", "none"):
    raise ImproperlyConfigured("EMAIL_TLS is starttls, implicit or none")
SERVICE_FROM = env.str("SERVICE_FROM", default=PROVIDER["contact"])
# Of the letters of a mailing so many are handed to the mail server in a minute.
EMAIL_PER_MINUTE = env.int("EMAIL_PER_MINUTE", default=300)
if EMAIL_PER_MINUTE < 1:
    raise ImproperlyConfigured("EMAIL_PER_MINUTE is a number of letters, 1 or more")
# Where reports of mail servers go: this address with "+" and the attempt before the "@". And the mailbox in which they
# then lie: maildir:///path, or imaps://user:password@host/INBOX.
RETURNS_ADDRESS = env.str("RETURNS_ADDRESS", default="")
RETURNS_URL = env.str("RETURNS_URL", default="")
# In whose days our own deadlines end, and whose holidays count: a zone of the IANA database, a country or US-CA.
SERVICE_ZONE = env.str("SERVICE_ZONE", default="Europe/Dublin")
SERVICE_CALENDAR = env.str("SERVICE_CALENDAR", default="IE")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {name: {"level": "WARNING"} for name in ("django_structlog", "fontTools", "pgtrigger", "pikepdf")},
}
# One line for what went wrong, with the request's id. A traceback shows no values of variables: they hold keys and
# personal data, and a log is read by more people than those are.
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        structlog.contextvars.merge_contextvars,
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(key_order=["event"]),
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
