"""Images made of Debian's packages, for machines that reach Debian's archive but no registry of images.

They get the names of the real images, so an engine that has those keeps them.
"""

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from devtools.containers.errors import StepError
from devtools.containers.shell import Shell

SYSTEM = "debian:bookworm-slim"
CERTIFICATES = "usr/local/share/ca-certificates"
IMAGES = Path(__file__).parent / "images"
"""`NAME.Dockerfile` makes the image `NAME` in any version: the one that Debian has."""


def make_stand_ins(shell: Shell, images: Iterable[str], certificates: Sequence[Path] = ()) -> list[str]:
    """Make the images that the engine lacks; return their names. Raises StepError.

    Debootstrap needs root, for whom the shell has to run. Containers trust `certificates` as soon as Debian's
    package ca-certificates is installed.
    """
    made = []
    if not _has(shell, SYSTEM):
        _make_system(shell, certificates)
        made.append(SYSTEM)
    for image in images:
        if not _has(shell, image):
            dockerfile = IMAGES / f"{image.partition(':')[0]}.Dockerfile"
            shell.run("docker", "build", "--tag", image, f"--file={dockerfile}", str(IMAGES))
            made.append(image)
    return made


def _make_system(shell: Shell, certificates: Sequence[Path]) -> None:
    """Make Debian's base image."""
    with tempfile.TemporaryDirectory(prefix="pau2-") as folder:
        system, archive = Path(folder) / "system", f"{folder}/system.tar"
        shell.run("debootstrap", "--variant=minbase", "bookworm", str(system))
        for certificate in certificates:
            shell.run(
                "install", "-D", "--mode=644", str(certificate), str(system / CERTIFICATES / certificate.name)
            )
        shell.run("tar", "--create", "--numeric-owner", f"--file={archive}", f"--directory={system}", ".")
        shell.run("docker", "import", archive, SYSTEM)


def _has(shell: Shell, image: str) -> bool:
    try:
        shell.run("docker", "image", "inspect", image)
    except StepError:
        return False
    return True
