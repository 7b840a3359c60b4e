"""The objects that the application shares. Nothing connects when this is imported."""

from typing import TYPE_CHECKING, Any

from flask import current_app
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from limits.storage import RedisStorage
from redis import Redis
from rq import Queue, Retry
from rq.serializers import JSONSerializer
from sqlalchemy import JSON, MetaData, String
from sqlalchemy.orm import DeclarativeBase, registry

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
QUEUES = ("default", "mail", "index")
RETRY_AFTER_SECONDS = [10, 60, 300]
ANSWER_SECONDS = 2


class Base(DeclarativeBase):
    """The declarative base: strings are 255 characters unless a column says otherwise."""

    metadata = MetaData(naming_convention=NAMES)
    registry = registry(metadata=metadata, type_annotation_map={str: String(255), dict[str, Any]: JSON, list[Any]: JSON})


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model

login_manager = LoginManager()
csrf = CSRFProtect()
# The library would load the client of a server that nobody here talks to, too: it comes with the embedded one.
RedisStorage.DEPENDENCIES = {"redis": RedisStorage.DEPENDENCIES["redis"]}
limiter = Limiter(key_func=get_remote_address, strategy="sliding-window-counter")


def redis() -> Redis:
    """This process's connection pool to Redis, made on first use."""
    extensions = current_app.extensions
    if "redis" not in extensions:
        url = current_app.config["SETTINGS"].redis_url
        # A socket on this machine has no TCP to keep alive, and refuses the option.
        options = {} if url.startswith("unix:") else {"socket_keepalive": True}
        # A server that hangs must not hang us. RQ's workers, who wait for jobs, raise the limit for themselves.
        extensions["redis"] = Redis.from_url(url, socket_connect_timeout=1, socket_timeout=ANSWER_SECONDS, **options)
    return extensions["redis"]


def queue(name: str) -> Queue:
    """The RQ queue `name`, one of QUEUES. Arguments travel as JSON, so jobs take ids only."""
    return Queue(name, connection=redis(), serializer=JSONSerializer)


def retry() -> Retry:
    """How every job is tried again."""
    return Retry(max=len(RETRY_AFTER_SECONDS), interval=list(RETRY_AFTER_SECONDS))
