"""Django settings, all from `yantuan.kernel.config`."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import unquote, urlsplit

from yantuan.console.theme import LOCALE_PATHS as LOCALE_PATHS
from yantuan.console.theme import UNFOLD as UNFOLD
from yantuan.kernel import logs
from yantuan.kernel.config import Config, config, data_folder, instance_secret

CONFIG: Config = config()
DATA = data_folder()

SECRET_KEY = instance_secret(CONFIG)
DEBUG = False
ALLOWED_HOSTS = [h.strip() for h in CONFIG.allowed_hosts.split(",") if h.strip()]
_PUBLIC_HOST = urlsplit(CONFIG.public_url).hostname or ""
if _PUBLIC_HOST:
    ALLOWED_HOSTS.append(f"[{_PUBLIC_HOST}]" if ":" in _PUBLIC_HOST else _PUBLIC_HOST)
CSRF_TRUSTED_ORIGINS = [CONFIG.public_url]

INSTALLED_APPS = [
    # The theme without its own admin site: the console brings one.
    "yantuan.console.apps.ThemeConfig",
    "unfold.contrib.filters",
    "yantuan.console.apps.ConsoleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_tasks",
    "django_tasks_db",
    "yantuan.kernel",
    "yantuan.identity",
    "yantuan.push",
    "yantuan.media",
    "yantuan.leaders",
    "yantuan.staff",
    "yantuan.stores",
    "yantuan.merchants",
    "yantuan.catalog",
    "yantuan.groupbuys",
    "yantuan.moderation",
    "yantuan.orders",
    "yantuan.waiting",
    "yantuan.payments",
    "yantuan.promotions",
    "yantuan.splits",
    "yantuan.fulfilment",
    "yantuan.tracking",
    "yantuan.aftersales",
    "yantuan.teams",
    "yantuan.notices",
    "yantuan.sharing",
    "yantuan.reports",
    "yantuan.shipinfo",
    "yantuan.gate",
    "yantuan.hosts",
    "yantuan.members",
    "yantuan.batchrefunds",
    "yantuan.proxies",
    "yantuan.settling",
    "yantuan.privacy",
    "yantuan.health",
    "yantuan.console",
    "yantuan.desk",
]

_CONSOLE_ONLY = {
    "yantuan.console.apps.ThemeConfig",
    "unfold.contrib.filters",
    "yantuan.console.apps.ConsoleAdminConfig",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "yantuan.console",
}
if os.environ.get("YANTUAN_ROLE") == "worker":
    # Background work needs no console: a fifth less memory.
    INSTALLED_APPS = [app for app in INSTALLED_APPS if app not in _CONSOLE_ONLY]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "yantuan.identity.middleware.PersonalAnswers",
    "yantuan.api.middleware.TypedMethodRefusal",
    "yantuan.api.middleware.NoNul",
    "yantuan.api.middleware.MethodOverride",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "yantuan.api.urls"
CSRF_FAILURE_VIEW = "yantuan.api.refusals.form_lost"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]


def _database(url: str) -> dict[str, Any]:
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA / "yantuan.sqlite3",
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 15,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
                "PRAGMA cache_size=-512;",
            },
        }
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            # On a solid-state disk a look by index costs no more than the next page; short statements gain nothing from JIT.
            "options": "-c statement_timeout=15000 -c lock_timeout=5000 -c random_page_cost=1.1 -c jit=off",
            # A server that is cut off without a word is noticed within seconds, not after the kernel's two hours.
            "connect_timeout": 5,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 20_000,
        },
    }


DATABASES = {"default": _database(CONFIG.database_url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "/console-static/"
STATIC_ROOT = DATA / "static"

SESSION_COOKIE_NAME = CONFIG.cookie_name("yt_console", whole_site=False)
CSRF_COOKIE_NAME = CONFIG.cookie_name("yt_csrf")
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_PATH = "/console/"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_COOKIES = CONFIG.public_url.startswith("https://")
SESSION_COOKIE_SECURE = SECURE_COOKIES
CSRF_COOKIE_SECURE = SECURE_COOKIES
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("MinimumLengthValidator", {"min_length": 12}),
        ("UserAttributeSimilarityValidator", {}),
        ("CommonPasswordValidator", {}),
    )
]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}

LOGGING: dict[str, Any] = logs.settings(CONFIG.log_format)
LOGGING_CONFIG = "yantuan.kernel.logs.configure"
logs.keep_out(*CONFIG.secrets, SECRET_KEY)
