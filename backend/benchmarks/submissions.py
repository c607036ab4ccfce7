"""Submitting a response to a consultation: the request, and its statements without HTTP."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass

import psutil
import psycopg
from psycopg.rows import dict_row

from benchmarks.data import Data
from benchmarks.load import Load, UnexpectedResponseError, request
from benchmarks.servers import BACKEND

OPEN_CONSULTATION = """
    SELECT c.id AS consultation, q.id AS question, q.kind, array_agg(o.id ORDER BY o.position) AS options
    FROM consultations c
    JOIN questions q ON q.consultation_id = c.id
    LEFT JOIN options o ON o.question_id = q.id
    WHERE c.status = 'OPEN'
    GROUP BY c.id, q.id
    ORDER BY q.position
"""


@dataclass
class OpenConsultation:
    """An open consultation and one set of answers to it.

    `next_member` is the number of the member who submits next in `load_statements`.
    """

    id: str
    choices: list[str]
    answers: list[dict[str, object]]
    next_member: int

    def request(self, data: Data, number: int) -> bytes:
        """Return the request of the member with this number."""
        body = json.dumps({"answers": self.answers}).encode()
        headers = {"Authorization": f"Bearer {data.token(number)}"}
        return request("POST", f"/api/v1/consultations/{self.id}/responses", headers=headers, body=body)

    def load_statements(self, data: Data, seconds: float, clients: int) -> Load:
        """Execute the statements in a process of their own, on the same core as the server."""
        options = {
            "url": data.url,
            "consultation": self.id,
            "choices": self.choices,
            "first": self.next_member,
            "seconds": seconds,
            "clients": clients,
        }
        process = psutil.Popen(
            [sys.executable, "-m", "benchmarks.baselines.bare_statements", json.dumps(options)],
            cwd=BACKEND,
            env=os.environ,
            stdout=subprocess.PIPE,
        )
        process.cpu_affinity(psutil.Process().cpu_affinity()[:1])
        output, _ = process.communicate(timeout=seconds + 60)
        if process.returncode:
            raise UnexpectedResponseError("a submission failed in the database; see the error above")
        submitted, duration = json.loads(output)
        self.next_member += submitted
        return Load(submitted / duration, [])


def find_open_consultation(data: Data) -> OpenConsultation:
    """Return the open consultation of the demo data, with the first option of each question as answers."""
    with psycopg.connect(data.url, row_factory=dict_row) as connection:
        questions = connection.execute(OPEN_CONSULTATION.encode()).fetchall()
        [counted] = connection.execute(b"SELECT count(*) AS members FROM sessions").fetchall()
    choices = []
    answers = []
    for question in questions:
        answer: dict[str, object] = {"question_id": str(question["question"])}
        if question["kind"] == "OPEN_TEXT":
            answer["text"] = "Shade, please."
        else:
            chosen = str(question["options"][0])
            choices.append(chosen)
            answer["option_ids"] = [chosen]
        answers.append(answer)
    return OpenConsultation(
        id=str(questions[0]["consultation"]),
        choices=choices,
        answers=answers,
        next_member=counted["members"] // 3 + 1,  # those before submit to the application
    )
