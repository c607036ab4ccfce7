"""Images made of Debian's packages, for machines that reach Debian's archive but no registry of images.

They get the names of the real images, so an engine that has those keeps them.
"""

import tempfile
from pathlib import Path

from devtools.devcontainer.engine import Shell
from devtools.devcontainer.errors import StepError

SYSTEM = "debian:bookworm-slim"
POSTGRES = """
FROM debian:bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql \\
    && rm -rf /var/lib/apt/lists/* \\
    && install --directory --owner postgres /var/lib/postgresql && ln -s /usr/lib/postgresql/*/bin /opt/bin
ENV PATH=/opt/bin:/usr/bin:/bin PGDATA=/var/lib/postgresql/data
USER postgres
CMD [ -e $PGDATA/PG_VERSION ] || { \\
      initdb --username "$POSTGRES_USER" --auth trust --encoding UTF8 \\
      && echo host all all all trust >> $PGDATA/pg_hba.conf \\
      && echo "CREATE DATABASE $POSTGRES_DB" | postgres --single postgres; \\
    } && exec postgres -c listen_addresses='*'
"""
"""Starts as the official image does with POSTGRES_USER, POSTGRES_DB and POSTGRES_HOST_AUTH_METHOD=trust."""


def make_stand_ins(shell: Shell, postgres: str) -> list[str]:
    """Make the images that the engine lacks; return their names. Raises StepError.

    Debootstrap needs root, for whom the shell has to run.
    """
    made = []
    with tempfile.TemporaryDirectory(prefix="pau2-") as folder:
        if not _has(shell, SYSTEM):
            system = Path(folder) / "system"
            shell.run("debootstrap", "--variant=minbase", "bookworm", str(system))
            archive = f"{system}.tar"
            shell.run("tar", "--create", "--numeric-owner", f"--file={archive}", f"--directory={system}", ".")
            shell.run("docker", "import", archive, SYSTEM)
            made.append(SYSTEM)
        if not _has(shell, postgres):
            dockerfile = Path(folder) / "Dockerfile"
            dockerfile.write_text(POSTGRES, encoding="utf-8")
            shell.run("docker", "build", "--tag", postgres, f"--file={dockerfile}", folder)
            made.append(postgres)
    return made


def _has(shell: Shell, image: str) -> bool:
    try:
        shell.run("docker", "image", "inspect", image)
    except StepError:
        return False
    return True
