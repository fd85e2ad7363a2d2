"""Find out whether this machine has what a role needs, and say how to get what is missing.

IMDB is read by chapter 11 alone, and `load_imdb` downloads it by itself:
a student can do without. An author runs that chapter's tests, and an instructor
grades where there is no network, so both need it beforehand.
"""

import importlib
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

INSTALL = "run `pip install -r requirements.txt` in the course's folder"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PROGRAMS = ("rnncourse", "numpy", "tensorflow", "keras", "nbgrader", "jupyterlab", "jupyter-book", "nbval")
_TENSORFLOW = "from rnncourse.keras_bridge import import_tensorflow as tf; print(int(tf().reduce_sum(tf().ones(4))))"
_SANDBOX = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--unshare-all", "--die-with-parent"]
_PATIENCE = 120


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes
    ----------
    name : what was looked at
    fault : what is wrong; None if nothing
    cure : what to do about it
    needed : whether the role cannot do without
    """

    name: str
    fault: str | None = None
    cure: str = ""
    needed: bool = True

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.fault is None


Check = Callable[[], Finding]


def examine(role: str) -> list[Finding]:
    """Run the checks of a role: "student", "instructor" or "author"."""
    return [check() for check in _CHECKS[role]]


def list_versions() -> str:
    """Return the versions of Python, of the system and of the programs of the course."""
    lines = [("Python", f"{platform.python_version()} ({sys.executable})"), ("system", platform.platform())]
    lines += [(name, _version(name)) for name in _PROGRAMS]
    return "\n".join(f"{name:<13}{version}" for name, version in lines)


def format_findings(findings: list[Finding], role: str) -> str:
    """Write a line per finding, with the cure where there is a fault, and a verdict."""
    n_missing = sum(finding.needed and not finding.ok for finding in findings)
    article = "a" if role == "student" else "an"
    verdict = (
        f"{n_missing} missing of what {article} {role} needs."
        if n_missing
        else f"All that {article} {role} needs is here."
    )
    return "\n".join([*(_line(finding) for finding in findings), "", verdict])


def _line(finding: Finding) -> str:
    if finding.ok:
        return f"ok        {finding.name}"
    return f"{'missing' if finding.needed else 'optional':<10}{finding.name}: {finding.fault}; {finding.cure}"


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _output(command: list[str]) -> tuple[str | None, str]:
    """Run a command; return why it failed, if it did, and what it printed."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error), ""
    last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    return (last if done.returncode else None), done.stdout.strip()


def check_python() -> Finding:
    """Look for Python 3.11 or newer."""
    fault = None if sys.version_info >= (3, 11) else f"this is {platform.python_version()}"
    return Finding("Python 3.11 or newer", fault, "install a newer Python and run `make PYTHON=python3.x lab`")


def check_import(module: str) -> Finding:
    """Import a package."""
    try:
        importlib.import_module(module)
    except Exception as error:
        return Finding(module, f"{type(error).__name__}: {error}", INSTALL)
    return Finding(module)


def check_tensorflow() -> Finding:
    """Compute with TensorFlow in another process, which a crash may take down."""
    name = "TensorFlow computes"
    fault, printed = _output([sys.executable, "-c", _TENSORFLOW])
    if fault is None and printed != "4":
        fault = f"the sum of four ones is {printed!r}"
    return Finding(name, fault, f"{INSTALL}; a crash at once means a processor without AVX, which TensorFlow needs")


def check_kernel() -> Finding:
    """Start the kernel python3 and import the course in it."""
    from jupyter_client.manager import start_new_kernel

    name = "the kernel python3 starts and finds rnncourse"
    cure = (
        "run `python -m ipykernel install --sys-prefix`, and remove other kernels named python3 from your home folder"
    )
    try:
        manager, client = start_new_kernel(kernel_name="python3", stderr=subprocess.DEVNULL)
    except Exception as error:
        return Finding(name, f"{type(error).__name__}: {error}", cure)
    try:
        reply = client.execute_interactive("import rnncourse", timeout=_PATIENCE, output_hook=lambda message: None)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    content = reply["content"]
    return Finding(name, None if content["status"] == "ok" else f"{content['ename']}: {content['evalue']}", cure)


def check_imdb(needed: bool) -> Finding:
    """Look for the IMDB reviews."""
    from rnncourse.data import imdb_folder

    cure = "run `rnncourse data` with a network, or set RNNCOURSE_DATA to the folder of imdb.npz"
    fault = None if imdb_folder() else "not on this machine; chapter 11 reads it"
    return Finding("IMDB reviews", fault, cure, needed)


def check_gradebook() -> Finding:
    """Make a file where the gradebook lies."""
    from rnncourse.grading import CourseError
    from rnncourse.grading.course import find_course

    name, cure = "the folder of the gradebook can be written", "run this in the course's folder, and own that folder"
    try:
        folder = find_course() / "_grading"
        folder.mkdir(exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except (CourseError, OSError) as error:
        return Finding(name, str(error), cure)
    return Finding(name)


def check_program(name: str, cure: str) -> Finding:
    """Look for a program on the path or beside Python."""
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)])
    return Finding(name, None if shutil.which(name, path=path) else "not found", cure)


def check_sandbox() -> Finding:
    """Run `true` inside bubblewrap."""
    fault, _ = _output([*_SANDBOX, "true"])
    cure = "`apt install bubblewrap`; if it is there, allow it user namespaces (Linux only)"
    name = "bubblewrap (bwrap), not used yet: `make grade` runs students' code with your rights"
    return Finding(name, fault, cure, needed=False)


def check_chromium() -> Finding:
    """Look for a Chromium of the system, then for Playwright's."""
    found = any(shutil.which(name) for name in CHROMIUM) or os.path.exists(_playwright_chromium())
    return Finding(
        "Chromium for the tests of the site",
        None if found else "not found",
        "`apt install chromium`, or `playwright install chromium`",
    )


def _playwright_chromium() -> str:
    code = (
        "import json; from playwright.sync_api import sync_playwright as start\n"
        "with start() as p: print(json.dumps(p.chromium.executable_path))"
    )
    fault, printed = _output([sys.executable, "-c", code])
    return "" if fault else str(json.loads(printed))


def _imports(*modules: str) -> list[Check]:
    return [partial(check_import, module) for module in modules]


_STUDENT: list[Check] = [
    check_python,
    *_imports("numpy", "matplotlib", "sklearn", "jupyterlab", "nbgrader"),
    check_tensorflow,
    check_kernel,
]
_CHECKS: dict[str, list[Check]] = {
    "student": [*_STUDENT, partial(check_imdb, needed=False)],
    "instructor": [
        *_STUDENT,
        partial(check_imdb, needed=True),
        partial(check_program, "alembic", INSTALL),
        check_gradebook,
        check_sandbox,
    ],
    "author": [
        *_STUDENT,
        partial(check_imdb, needed=True),
        *_imports("jupyter_book", "jupytext", "nbval", "pytest"),
        check_chromium,
    ],
}
