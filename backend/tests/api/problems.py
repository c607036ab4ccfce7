"""What every error answer must look like."""

from httpx import Response

MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id"}


def assert_problem(answer: Response, status: int, code: str, *, pointer: str | None = None) -> None:
    """Check an RFC 9457 answer; `pointer` must be among those of `errors`."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body.keys() - {"errors"} == MEMBERS
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
