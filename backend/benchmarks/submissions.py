"""Submitting a response: the request, and the statements that it consists of on their own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass

import psutil
import psycopg
from psycopg.rows import dict_row

from benchmarks.data import Data
from benchmarks.load import Load, WrongAnswerError, request
from benchmarks.servers import BACKEND

OPEN_SURVEY = """
    SELECT c.id AS consultation, q.id AS question, q.kind, array_agg(o.id ORDER BY o.position) AS options
    FROM consultations c
    JOIN questions q ON q.consultation_id = c.id
    LEFT JOIN options o ON o.question_id = q.id
    WHERE c.status = 'OPEN'
    GROUP BY c.id, q.id
    ORDER BY q.position
"""


@dataclass
class Survey:
    """An open consultation and one set of answers to it.

    `next_alone` is the number of the member who submits next in `alone`.
    """

    id: str
    choices: list[str]
    answers: list[dict[str, object]]
    next_alone: int

    def request(self, data: Data, number: int) -> bytes:
        """Return the request of the member with this number."""
        body = json.dumps({"answers": self.answers}).encode()
        headers = {"Authorization": f"Bearer {data.token(number)}"}
        return request("POST", f"/api/v1/consultations/{self.id}/responses", headers=headers, body=body)

    def alone(self, data: Data, seconds: float, clients: int) -> Load:
        """Run the statements in a process of its own, on the same core as the server."""
        options = {
            "url": data.url,
            "consultation": self.id,
            "choices": self.choices,
            "first": self.next_alone,
            "seconds": seconds,
            "clients": clients,
        }
        process = psutil.Popen(
            [sys.executable, "-m", "benchmarks.contenders.statements", json.dumps(options)],
            cwd=BACKEND,
            env=os.environ,
            stdout=subprocess.PIPE,
        )
        process.cpu_affinity(psutil.Process().cpu_affinity()[:1])
        output, _ = process.communicate(timeout=seconds + 60)
        if process.returncode:
            raise WrongAnswerError("a submission failed in the database, see above")
        submitted, took = json.loads(output)
        self.next_alone += submitted
        return Load(submitted / took, [])


def open_survey(data: Data) -> Survey:
    """Return the open consultation of the demo data, answered by its first options."""
    with psycopg.connect(data.url, row_factory=dict_row) as connection:
        questions = connection.execute(OPEN_SURVEY.encode()).fetchall()
        [counted] = connection.execute(b"SELECT count(*) AS members FROM sessions").fetchall()
    choices, answers = [], []
    for question in questions:
        answer: dict[str, object] = {"question_id": str(question["question"])}
        if question["kind"] == "OPEN_TEXT":
            answer["text"] = "Shade, please."
        else:
            chosen = str(question["options"][0])
            choices.append(chosen)
            answer["option_ids"] = [chosen]
        answers.append(answer)
    return Survey(
        id=str(questions[0]["consultation"]),
        choices=choices,
        answers=answers,
        next_alone=counted["members"] // 3 + 1,  # whoever comes before submits to the application
    )
