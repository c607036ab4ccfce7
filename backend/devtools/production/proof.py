"""What an operator does in the service's first weeks, with a client that watches."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from devtools.containers.errors import StepError
from devtools.containers.session import Step
from devtools.production import checks, website
from devtools.production.deployment import Deployment
from devtools.production.traffic import traffic

JOB, PROXY = "migrate", "proxy"
APIS = ("api-1", "api-2")
ONE_AT_A_TIME = (*APIS, "worker")
STOPPED_IN_ORDER = (PROXY, "worker", *APIS, "postgres")
RELEASES = ("2026-11", "2026-12")
"""The releases that docs/operations.md uses as examples: the first one, and the next one."""
VERSION_FILE = "backend/app/presentation/http/docs.py"
VERSIONS = ('version="1.0.0"', 'version="1.0.1"')
"""The line that the next release changes, before and after."""
RESTART = "compose up --detach --wait --no-deps --force-recreate"
MAIL_TIMEOUT = 60.0
POLL_INTERVAL = 0.5


def new_version(text: str) -> str:
    """Return the source text of the next release. Raises StepError if the line is not there."""
    before, after = VERSIONS
    if before not in text:
        raise StepError(f"{VERSION_FILE} does not have {before}")
    return text.replace(before, after)


@dataclass(frozen=True, kw_only=True)
class Proof:
    """The steps on one deployment. Each raises StepError or an error of httpx."""

    deployment: Deployment

    def steps(self) -> list[Step]:
        """Return the steps in order."""
        return [
            ("first start: image built, services started, administrator created", self.start),
            ("every service is healthy; the migration ended before the others began", self.check_start),
            ("users without privileges, read-only roots, no build tools", self.check_hardening),
            ("TLS, prefix, no metrics for strangers", self.check_website),
            ("the worker sends a mail", self.check_worker),
            ("every process ends by its signal, with exit code 0", self.check_signals),
            ("restart one process at a time: no request fails", self.restart),
            ("upgrade: no request fails", self.upgrade),
            ("rollback: no request fails", self.roll_back),
            ("backup and restore", self.restore),
        ]

    def start(self) -> None:
        """Start the service in an empty project."""
        self.deployment.remove()
        self.deployment.prepare()
        self.deployment.follow("First start", 0)

    def check_start(self) -> None:
        """Check states, order and ports."""
        services = self.deployment.inspect()
        checks.require_none(checks.health_problems(services, job=JOB))
        checks.require_none(checks.order_problems(services, job=JOB, after=ONE_AT_A_TIME))
        checks.require_none(checks.port_problems(services, proxy=PROXY))

    def check_hardening(self) -> None:
        """Check the processes of each running container, and the image."""
        for name in STOPPED_IN_ORDER:
            checks.require_none(checks.privilege_problems(name, self.deployment.execute(name, checks.PROBE)))
        checks.require_none(checks.tool_problems(self.deployment.execute("worker", checks.BUILD_TOOLS)))

    def check_website(self) -> None:
        """Check what clients see."""
        with self.deployment.website() as client:
            website.log_in(client)
            checks.require_none(website.proxy_problems(client, self.deployment.http_port))

    def check_worker(self) -> None:
        """Invite a member, whose mail has to come."""
        server = self.deployment.start_mail_server(f"pau2-backend:{RELEASES[0]}")
        with self.deployment.website() as client:
            website.log_in(client)
            website.invite(client, "marta@vecinos.example")
        deadline = time.monotonic() + MAIL_TIMEOUT
        while "marta@vecinos.example" not in self.deployment.shell.run("docker", "logs", server):
            if time.monotonic() > deadline:
                raise StepError(f"the mail to a new member did not come within {MAIL_TIMEOUT:.0f} s")
            time.sleep(POLL_INTERVAL)

    def check_signals(self) -> None:
        """Stop one service after the other, then start all."""
        for name in STOPPED_IN_ORDER:
            self.deployment.script(f"compose stop {name}")
            checks.require_none(checks.end_problems(name, self.deployment.inspect()[name]))
        self.deployment.script("compose up --detach --wait")

    def restart(self) -> None:
        """Restart each process while clients work."""
        with traffic(self.deployment.website) as journal:
            for name in ONE_AT_A_TIME:
                self.deployment.script(f"{RESTART} {name}")
        checks.require_none(journal.problems(self._titles()))

    def upgrade(self) -> None:
        """Change the source, and follow the page while clients work."""
        path = self.deployment.shell.folder / VERSION_FILE
        path.write_text(new_version(path.read_text(encoding="utf-8")), encoding="utf-8")
        self._change_release(0, VERSIONS[1])

    def roll_back(self) -> None:
        """Return to the first release while clients work."""
        self._change_release(1, VERSIONS[0])

    def restore(self) -> None:
        """Lose an article after a backup, and find the others again."""
        follow = partial(self.deployment.follow, "Backup and restore")
        before = sorted(self._titles())
        follow(0)
        with self.deployment.website() as client:
            website.log_in(client)
            website.create_article(client, "After the backup").raise_for_status()
        follow(1)
        if sorted(self._titles()) != before:
            raise StepError("the restored service does not have the articles of the backup")

    def _change_release(self, block: int, version: str) -> None:
        with traffic(self.deployment.website) as journal:
            self.deployment.follow("Upgrade and rollback", block)
        checks.require_none(journal.problems(self._titles()))
        with self.deployment.website() as client:
            running = website.release(client)
        if running not in version:
            raise StepError(f"the API tells that it is {running}, and not {version}")

    def _titles(self) -> Iterable[str]:
        with self.deployment.website() as client:
            website.log_in(client)
            return list(website.titles(client))
