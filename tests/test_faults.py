"""The suite of the numerical core finds every planted fault of the table, and only faults."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import FAULTS, Fault, is_found

ROOT = Path(__file__).parents[1]


def test_the_table_has_at_least_fifteen_faults():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 15


def test_every_planted_fault_is_found():
    run = subprocess.run([sys.executable, "-m", "tests.faults"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_change_that_is_no_fault_is_not_found():
    assert not is_found(Fault("none", "cells.py", "0.5 * np.tanh(0.5 * a) + 0.5", "0.5 + 0.5 * np.tanh(0.5 * a)"))


def test_a_line_that_is_gone_is_named():
    with pytest.raises(ValueError, match=r"cells\.py has no 'gone' to mutate"):
        is_found(Fault("none", "cells.py", "gone", ""))
