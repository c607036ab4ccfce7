"""What every error answer must look like."""

from httpx import Response

MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id"}


def assert_problem(answer: Response, status: int, code: str, *, pointer: str | None = None) -> None:
    """Check an RFC 9457 answer; `pointer` must be among those of `errors`."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json().keys() - {"errors"} == MEMBERS
    _assert_members(answer, status, code, pointer)


def assert_oauth_error(answer: Response, error: str, *, pointer: str | None = None) -> None:
    """Check a refusal of RFC 6749 §5.2, which has the members of a problem as well."""
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "WWW-Authenticate" not in answer.headers
    assert answer.json().keys() == MEMBERS | {"errors", "error", "error_description"}
    assert answer.json()["error"] == error
    _assert_members(answer, 400, error, pointer)


def _assert_members(answer: Response, status: int, code: str, pointer: str | None) -> None:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"] == f"/problems/{code}"
    assert body["request_id"] == answer.headers["X-Request-ID"]
    assert body["instance"] == answer.request.url.raw_path.decode().partition("?")[0]
    if pointer is not None:
        pointers = [error["pointer"] for error in body["errors"]]
        assert pointer in pointers, body


def assert_look_the_same(*answers: Response) -> None:
    """What is invisible cannot be told from what is not there: only what names the request differs."""
    shown = [{**answer.json(), "instance": "", "request_id": ""} for answer in answers]
    assert shown == [shown[0]] * len(answers)
