"""TensorFlow, imported once and quietly.

TensorFlow writes log lines to file descriptor 2 at its import and at its first
operation, whatever `TF_CPP_MIN_LOG_LEVEL` says. nbgrader gives a test cell with
text on stderr 0 points, so both happen here, behind a closed descriptor.
"""

import functools
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Send file descriptor 2 to nowhere inside the block."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@functools.cache
def import_tensorflow() -> ModuleType:
    """Return the `tensorflow` module, imported and warmed up without a word on stderr.

    Raises
    ------
    ImportError
        If TensorFlow is not installed, with the cure.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with quiet_stderr():
            tensorflow = importlib.import_module("tensorflow")
            tensorflow.zeros(1)
    except ModuleNotFoundError as error:
        raise ImportError(
            "import_tensorflow: TensorFlow is not installed; run `pip install -r requirements.txt`"
        ) from error
    return tensorflow


def import_keras() -> ModuleType:
    """Return the `keras` module on its TensorFlow backend, imported quietly."""
    import_tensorflow()
    return importlib.import_module("keras")
