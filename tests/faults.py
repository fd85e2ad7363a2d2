"""Plant one fault at a time in a copy of the package, and see the tests find it.

Run with `python -m tests.faults`; `tests/test_faults.py` runs the same table.
"""

import multiprocessing
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import hypothesis  # noqa: F401  imported here once for all forks, as are NumPy and pytest
import numpy  # noqa: F401
import pytest

ROOT = Path(__file__).parents[1]
OPTIONS = ["-x", "-q", "-p", "no:cacheprovider", "-k", "not keras", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
SUITES = [["tests/test_cells.py", "tests/test_loops.py"], ["tests/test_layers.py"]]


@dataclass(frozen=True)
class Fault:
    """A one-line mutation of a file of the package."""

    name: str
    file: str
    right: str
    wrong: str


FAULTS = [
    Fault("derivative of tanh missing", "cells.py", "d_h_next * (1 - h_next**2)", "d_h_next * 1"),
    Fault("W_h transposed", "cells.py", 'd_a @ params["W_h"].T, grads', 'd_a @ params["W_h"], grads'),
    Fault(
        "bias gradient of one example only", "cells.py", 'h.T @ d_a, "b_h": d_a.sum(axis=0)', 'h.T @ d_a, "b_h": d_a[0]'
    ),
    Fault("gates i and f swapped", "cells.py", "a_i, a_f, a_g, a_o = np.split", "a_f, a_i, a_g, a_o = np.split"),
    Fault("tanh of the cell state forgotten", "cells.py", "tanh_c = np.tanh(c_next)", "tanh_c = c_next"),
    Fault(
        "cell derivative misses the path through h",
        "cells.py",
        "d_c_next + d_h_next * o",
        "d_c_next + 0 * d_h_next * o",
    ),
    Fault("cell derivative not gated on the way back", "cells.py", "d_c_total * f), grads", "d_c_total), grads"),
    Fault("GRU update gate inverted", "cells.py", "return z * h + (1 - z) * g,", "return (1 - z) * h + z * g,"),
    Fault(
        "GRU reset gate ignored going back",
        "cells.py",
        "d_rec_g = d_a_g * r if reset_after",
        "d_rec_g = d_a_g if reset_after",
    ),
    Fault(
        "bias left out of the projection",
        "loops.py",
        'params["b_h"].reshape(-1, params["W_x"].shape[1])[:1]]',
        '0 * params["b_h"].reshape(-1, params["W_x"].shape[1])[:1]]',
    ),
    Fault("recurrent product overwrites the input", "loops.py", "h_next += self.product", "h_next[:] = self.product"),
    Fault("derivative of the state before it is used", "loops.py", "d_a *= d_h\n", "d_a *= h[t]\n"),
    Fault(
        "d_h overwritten by dy",
        "loops.py",
        "self.d_states[0] += dy[:, t - time]",
        "self.d_states[0][:] = dy[:, t - time]",
    ),
    Fault(
        "weights of the last chunk only",
        "loops.py",
        'grads["W_h"] += rows_of(self.states[0][steps]).T @ d_a',
        'grads["W_h"][:] = rows_of(self.states[0][steps]).T @ d_a',
    ),
    Fault(
        "W_h sees the state after the step",
        "loops.py",
        'grads["W_h"] += rows_of(self.states[0][steps]).T @ d_a',
        'grads["W_h"] += rows_of(self.states[0][1:][steps]).T @ d_a',
    ),
    Fault(
        "stale bias gradient",
        "loops.py",
        'grads["b_h"] += by_input[-1]\n        grads["W_h"]',
        'grads["b_h"] = by_input[-1]\n        grads["W_h"]',
    ),
    Fault("mask ignored in backward", "loops.py", "        d_a[rows] = 0\n", ""),
    Fault("skipped step loses its derivative", "loops.py", "            d_state[rows] = kept\n", "            pass\n"),
    Fault("mask ignored in forward", "loops.py", "states[t + 1][rows] = states[t][rows]", "pass"),
    Fault(
        "LSTM forget gate reads the input gate",
        "loops.py",
        "np.multiply(f, c, out=c_next)",
        "np.multiply(i, c, out=c_next)",
    ),
    Fault(
        "d_c overwritten before the gates use it",
        "loops.py",
        "d_ifg *= d_c[:, None]",
        "d_ifg *= self.d_c_share[:, None]",
    ),
    Fault("chunk misses its last step", "loops.py", "min(start + length, time))", "min(start + length, time - 1))"),
    Fault(
        "GRU recurrent bias of the candidate forgotten",
        "loops.py",
        "self.b_rec_g = b_rec[2 * self.units :]",
        "self.b_rec_g = 0 * b_rec[2 * self.units :]",
    ),
    Fault(
        "GRU misses the path past the candidate",
        "loops.py",
        "        d_h *= self.gates[t, :, :units]\n",
        "        d_h *= 0\n",
    ),
    Fault(
        "reset gate's state unreset in the gradient",
        "loops.py",
        "rows_of(self.r_h[steps]).T @ d_g",
        "rows_of(self.states[0][steps]).T @ d_g",
    ),
    Fault("last state only, taken as the first", "layers.py", "h[-1].copy(), cache", "h[1].copy(), cache"),
    Fault("final state misses the cell state", "layers.py", "(final[0], final[1])", "(final[0], final[0])"),
    Fault("backward direction reads forward", "layers.py", "self.right.forward(x[:, ::-1],", "self.right.forward(x,"),
    Fault(
        "repeated codes counted once",
        "layers.py",
        "np.add.reduceat(dy.reshape(-1, output_dim)[order], first, axis=0)",
        "dy.reshape(-1, output_dim)[order][first]",
    ),
    Fault("forget bias starts at 0", "layers.py", "[units : 2 * units] = 1", "[units : 2 * units] = 0"),
]


def suite_fails(folder: Path, suite: list[str]) -> bool:
    """Run part of the suite on the package in `folder`, in a fork that has paid for the imports."""
    child = os.fork()
    if child == 0:
        try:
            os.chdir(folder)
            sys.path.insert(0, str(folder))
            os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os._exit(pytest.main([*OPTIONS, *suite]))
        finally:
            os._exit(pytest.ExitCode.INTERNAL_ERROR)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise RuntimeError(f"the suite did not run: exit code {code}")
    return code == pytest.ExitCode.TESTS_FAILED


def is_found(fault: Fault) -> bool:
    """Return whether the suite fails on a copy of the package with the fault in it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("rnncourse", "tests"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", folder)
        target = folder / "rnncourse" / fault.file
        source = target.read_text(encoding="utf-8")
        if fault.right not in source:
            raise ValueError(f"{fault.name}: {fault.file} has no {fault.right!r} to mutate; bring the table up to date")
        target.write_text(source.replace(fault.right, fault.wrong, 1), encoding="utf-8")
        return any(suite_fails(folder, suite) for suite in SUITES)


def missed(faults: list[Fault]) -> list[str]:
    """Return the names of the faults that the suite does not find."""
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        return [fault.name for fault, found in zip(faults, pool.map(is_found, faults, 1), strict=True) if not found]


if __name__ == "__main__":
    left = missed(FAULTS)
    print(f"{len(FAULTS) - len(left)} of {len(FAULTS)} faults found", *left, sep="\n")
    sys.exit(bool(left))
