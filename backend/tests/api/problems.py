"""The form of every error response."""

from httpx import Response

MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id"}


def assert_problem(response: Response, status: int, code: str, *, pointer: str | None = None) -> None:
    """Check a response of RFC 9457; `pointer` must be among those of `errors`."""
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json().keys() - {"errors"} == MEMBERS
    _assert_members(response, status, code, pointer)


def assert_oauth_error(response: Response, error: str, *, pointer: str | None = None) -> None:
    """Check a refusal of RFC 6749 §5.2, which has the members of a problem as well."""
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    assert "WWW-Authenticate" not in response.headers
    assert response.json().keys() == MEMBERS | {"errors", "error", "error_description"}
    assert response.json()["error"] == error
    _assert_members(response, 400, error, pointer)


def _assert_members(response: Response, status: int, code: str, pointer: str | None) -> None:
    assert response.status_code == status, response.text
    body = response.json()
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"] == f"/problems/{code}"
    assert body["request_id"] == response.headers["X-Request-ID"]
    assert body["instance"] == response.request.url.raw_path.decode().partition("?")[0]
    if pointer is not None:
        pointers = [error["pointer"] for error in body["errors"]]
        assert pointer in pointers, body


def assert_look_the_same(*responses: Response) -> None:
    """Check that a hidden resource looks like a missing one: only the request's own values differ."""
    shown = [{**response.json(), "instance": "", "request_id": ""} for response in responses]
    assert shown == [shown[0]] * len(responses)
