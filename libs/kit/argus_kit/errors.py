"""Errors for people: what happened, why, what to do. One envelope on every service.

`{"detail": ..., "error": {"code", "message", "details", "trace_id"}}`. `detail` is what existing clients read;
`error.code` is stable, and is what the frontend translates.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from argus_contracts.errors import ErrorCode
from argus_kit import telemetry

log = structlog.get_logger(__name__)


# An error repeats what was sent. A lone surrogate, which JSON can spell and UTF-8 cannot, or a NaN, which no browser
# reads, must not break the answer that refuses it.
_SAYABLE: dict[Any, Callable[[Any], Any]] = {
    Exception: str,
    bytes: lambda value: value.decode(errors="replace"),
    str: lambda value: value.encode(errors="replace").decode(),
    float: lambda value: value if math.isfinite(value) else str(value),
}


class ArgusError(Exception):
    """An error that a caller should see. Raise it, or a subclass that fixes the code.

    Args:
        code: which error; it carries the usual status and sentence.
        message: a better sentence for this case.
        details: facts for programs, shown in `error.details`.
        detail: what goes into the older `detail` key where the contract wants an object or a list there.
        headers: extra response headers.
        status: another status than the code's own.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str | None = None,
        *,
        details: Mapping[str, Any] | None = None,
        detail: Any = None,
        headers: Mapping[str, str] | None = None,
        status: int | None = None,
    ) -> None:
        self.code = code
        self.message = message or code.message
        self.details = dict(details or {})
        self.detail = self.message if detail is None else detail
        self.status = status or code.status
        self.headers = dict(headers or {})
        # A wrong password in a form is no missing credential: no browser shall ask for one.
        if self.status == 401 and code is not ErrorCode.AUTH_PASSWORD_WRONG:
            self.headers.setdefault("WWW-Authenticate", "Bearer")
        super().__init__(self.message)


class RateLimited(ArgusError):
    """429, with the seconds to wait (at least 1) in `Retry-After`."""

    def __init__(self, retry_after_s: float, code: ErrorCode = ErrorCode.RATE_LIMITED) -> None:
        seconds = max(1, int(-(-retry_after_s // 1)))
        super().__init__(code, headers={"Retry-After": str(seconds)}, details={"retry_after": seconds})


class ErrorFacts(BaseModel):
    """The part of an error's answer for programs and translations."""

    code: str
    message: str
    details: dict[str, Any]
    trace_id: str | None


class ErrorOut(BaseModel):
    """The answer to a request that failed. `detail` is the older key: a text, and where clients read more, that."""

    detail: str | dict[str, Any] | list[Any]
    error: ErrorFacts


# What the OpenAPI document says of every operation: FastAPI's own description of a 422 is not our answer.
RESPONSES: dict[int | str, dict[str, Any]] = {"4XX": {"model": ErrorOut, "description": "Why it was refused"}}


def envelope(error: ArgusError) -> dict[str, Any]:
    """The response body of an error."""
    return {
        "detail": error.detail,
        "error": {
            "code": str(error.code),
            "message": error.message,
            "details": error.details,
            "trace_id": telemetry.trace_id(),
        },
    }


def response(error: ArgusError) -> JSONResponse:
    """The response of an error."""
    return JSONResponse(jsonable_encoder(envelope(error), custom_encoder=_SAYABLE), error.status, error.headers)


def install(app: FastAPI) -> None:
    """Make `app` answer every error with the envelope."""
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)
    app.add_middleware(_UnexpectedErrors)


async def answer(request: Request, error: Exception) -> JSONResponse:
    """What `install` makes an app answer to an error, whatever it is."""
    for kind, handler in _HANDLERS.items():
        if isinstance(error, kind):
            return await handler(request, error)
    log.error("request.failed", path=request.url.path, error=repr(error), exc_info=error)
    return response(ArgusError(ErrorCode.INTERNAL))


async def _on_argus_error(request: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, ArgusError)
    if exc.status in {401, 403, 404}:
        _note(request, exc)
    return response(exc)


def _note(request: Request, error: ArgusError) -> None:
    platform = getattr(request.app.state, "platform", None)
    if platform is not None:
        route = getattr(request.scope.get("route"), "path", request.url.path)
        parameters = {name: str(value) for name, value in (*request.query_params.items(), *request.path_params.items())}
        address = request.client.host if request.client else None
        platform.identity.refusals.note_request(
            error.code, telemetry.CALLER.get(), address, f"{request.method} {route}", parameters
        )


async def _on_invalid_request(_: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, RequestValidationError)
    items = [_shown(item) for item in jsonable_encoder(exc.errors(), custom_encoder=_SAYABLE)]
    fields = ", ".join(".".join(str(part) for part in item["loc"][1:]) or "body" for item in items)
    message = f"Invalid request: {fields}." if fields else ErrorCode.REQUEST_INVALID.message
    return response(ArgusError(ErrorCode.REQUEST_INVALID, message, detail=items, details={"fields": items}))


def _shown(item: dict[str, Any]) -> dict[str, Any]:
    # What was sent is said back to whoever looks for the mistake; but no password, which would land in a log of theirs.
    names = [part for part in item["loc"] if isinstance(part, str)]
    is_raw = names == ["body"] and isinstance(item.get("input"), str)
    if is_raw or any(telemetry.is_secret_name(name) for name in names):
        return {**item, "input": telemetry.REDACTED}
    return {**item, "input": telemetry.without_secrets(item.get("input"))}


_CODES = {
    404: ErrorCode.REQUEST_NOT_FOUND,
    405: ErrorCode.REQUEST_METHOD_NOT_ALLOWED,
    413: ErrorCode.BODY_TOO_LARGE,
}


async def _on_http_exception(_: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, HTTPException)
    code = _CODES.get(exc.status_code, ErrorCode.REQUEST_INVALID)
    return response(ArgusError(code, str(exc.detail), status=exc.status_code, headers=exc.headers))


async def _on_database_error(_: Request, exc: Exception) -> JSONResponse:
    if _is_about_a_value(exc):
        return await _on_unstorable_value(_, exc)
    if isinstance(exc, IntegrityError | ProgrammingError):
        # Our own mistake: to try again would not help.
        log.error("request.failed", exc_info=exc)
        return response(ArgusError(ErrorCode.INTERNAL))
    log.error("database.failed", error=repr(exc.__cause__ or exc))
    return response(ArgusError(ErrorCode.STORAGE_UNAVAILABLE, headers={"Retry-After": "1"}))


def _is_about_a_value(exc: Exception) -> bool:
    # SQLSTATE class 22, "data exception": a number out of range, a NUL in a text.
    state = getattr(getattr(exc, "orig", None), "sqlstate", None)
    return isinstance(exc, DataError) or str(state).startswith("22")


async def _on_unstorable_value(_: Request, exc: Exception) -> JSONResponse:
    # Its kind alone: a UnicodeEncodeError carries the whole text, which may be a password.
    log.warning("request.value_unstorable", error=type(exc.__cause__ or exc).__name__)
    return response(ArgusError(ErrorCode.REQUEST_INVALID, "A value of the request is out of range or not readable."))


_HANDLERS: dict[type[Exception], Callable[[Request, Exception], Awaitable[JSONResponse]]] = {
    ArgusError: _on_argus_error,
    RequestValidationError: _on_invalid_request,
    HTTPException: _on_http_exception,
    PoolTimeoutError: _on_database_error,
    DBAPIError: _on_database_error,
    ConnectionError: _on_database_error,
    # What SQLite's driver raises for a value that no column can hold.
    OverflowError: _on_unstorable_value,
    UnicodeEncodeError: _on_unstorable_value,
}


class _UnexpectedErrors:
    """Answers what no handler knows. As a middleware it stands inside of the trace and of CORS, so that the answer
    carries the id under which the log has the cause, and a page from another origin may read it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        has_begun = False

        async def observed(message: Message) -> None:
            nonlocal has_begun
            has_begun = has_begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, observed)
        except Exception as error:
            if scope["type"] != "http" or has_begun:
                raise
            log.exception("request.failed", path=scope["path"], error=repr(error))
            await response(ArgusError(ErrorCode.INTERNAL))(scope, receive, send)
