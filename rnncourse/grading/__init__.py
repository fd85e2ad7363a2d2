"""Exercises on their way: released from solutions, checked by the student, graded."""

import os
import sysconfig


class CourseError(Exception):
    """A mistake that the person at the keyboard can mend; its text says how."""


def put_scripts_first() -> None:
    """Put the programs beside Python first on the path: nbgrader starts `alembic` by its name alone."""
    scripts, path = sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)
    if path.split(os.pathsep)[0] != scripts:
        os.environ["PATH"] = os.pathsep.join([scripts, path])
