"""Ctrl-C while a notebook runs."""

import asyncio
import signal
from typing import Any


def let_ctrl_c_through(notebook: Any) -> None:
    """Hook `on_notebook_start`: make Ctrl-C end the command, as everywhere else.

    nbclient catches SIGINT and kills the kernel, which then looks like a kernel
    that the notebook killed: a grading run would blame the student and go on.
    """
    asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
