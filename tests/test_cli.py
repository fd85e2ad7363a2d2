"""The command line: fast help, one sentence for a mistake, an end on Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from rnncourse.cli import main
from rnncourse.grading.course import load_config
from rnncourse.grading.release import release
from tests import interrupts
from tests.tiny_course import make_course, notebook_path, write

COMMAND = [sys.executable, "-c", "import sys; from rnncourse.cli import main; sys.exit(main())"]


def run(*arguments, **options):
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False, **options)


def test_help_names_each_command_and_imports_little():
    code = "import sys; from rnncourse.cli import main\ntry: main(['--help'])\nfinally: print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for command in ("release", "check", "doctor", "grade", "data"):
        assert f"\n    {command} " in done.stdout
    assert not {"nbgrader", "nbformat", "tensorflow", "matplotlib", "IPython"} & set(done.stdout.split())


def test_check_leaves_tensorflow_alone():
    code = "import sys, rnncourse.grading.preflight; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("command", [["release"], ["grade", "02_recurrence"]])
def test_outside_a_course_one_sentence_says_so(tmp_path, monkeypatch, capsys, command):
    monkeypatch.chdir(tmp_path)
    assert main(command) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"rnncourse {command[0]}: no nbgrader_config.py in {tmp_path}")
    assert err.count("\n") == 1


@pytest.mark.parametrize("below", ["", "exercises", "exercises/01_double"])
def test_check_finds_the_notebook_from_any_folder_of_the_course(tmp_path, monkeypatch, capsys, below):
    course = make_course(tmp_path)
    release(course)
    monkeypatch.chdir(course / below)
    assert main(["check", "01_double/01_double.ipynb"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("Running ")
    assert out.endswith("Not ready to hand in: 2 not attempted.\n")
    assert err == ""


def test_check_does_not_say_that_it_runs_a_notebook_that_it_cannot_find(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(make_course(tmp_path))
    assert main(["check", "02_none.ipynb"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("rnncourse check: 02_none.ipynb does not exist")


def test_check_says_how_long_a_cell_may_take(tmp_path, capsys):
    course = make_course(tmp_path)
    release(course)
    main(["check", str(notebook_path(course / "exercises"))])
    assert "a cell may take up to 120 s" in capsys.readouterr().out.splitlines()[0]


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_the_configuration_makes_the_gradebook_usable_by_formgrader(tmp_path, monkeypatch):
    """JupyterLab loads the configuration alone, perhaps with the tools of .venv not on the path."""
    course = make_course(tmp_path)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    url = load_config(course).CourseDirectory.db_url
    with Gradebook(url, "rnncourse") as gradebook:
        assert gradebook.assignments == []


def test_grade_without_an_assignment_lists_those_there_are(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(make_course(tmp_path))
    assert main(["grade"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "rnncourse grade: name the assignment, as in `make grade ASSIGNMENT=NN_topic`; there are: 01_double\n"


def test_release_says_what_it_released(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(make_course(tmp_path))
    assert main(["release"]) == 0
    assert capsys.readouterr().out == "Released to exercises/: 01_double\n"


def test_a_failed_release_is_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(make_course(tmp_path))
    notebook_path(tmp_path / "solutions").write_text("no notebook")
    assert main(["release"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("rnncourse release: ")
    assert "01_double.ipynb is not a notebook" in err
    assert err.count("\n") == 1


def test_a_full_disk_is_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(make_course(tmp_path))

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rnncourse.grading.release.generate", full)
    assert main(["release"]) == 1
    assert capsys.readouterr().err == "rnncourse release: [Errno 28] No space left on device\n"


def test_data_without_network_is_one_sentence_and_quick(tmp_path):
    """A proxy that refuses stands for a missing network, so that the test is the same everywhere."""
    environment = {name: value for name, value in os.environ.items() if name != "RNNCOURSE_DATA"}
    nowhere = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
    done = run("data", env={**environment, **nowhere, "HOME": str(tmp_path), "KERAS_HOME": str(tmp_path)})
    assert done.returncode == 1
    assert done.stderr.startswith("rnncourse data: load_imdb: imdb.npz is not in ")
    assert "RNNCOURSE_DATA" in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == "Downloading IMDB (17 MB) ...\n"


def test_a_mistyped_data_folder_is_named_first(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RNNCOURSE_DATA", str(tmp_path / "none"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert main(["data"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"rnncourse data: RNNCOURSE_DATA={tmp_path / 'none'}: no such folder")
    assert err.count("\n") == 1


def test_damaged_data_is_one_sentence(tmp_path, monkeypatch, capsys):
    for name in ("imdb.npz", "imdb_word_index.json"):
        (tmp_path / name).write_bytes(b"damaged")
    monkeypatch.setenv("RNNCOURSE_DATA", str(tmp_path))
    assert main(["data"]) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"rnncourse data: load_imdb: {tmp_path / 'imdb.npz'} ")
    assert err.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
@pytest.mark.parametrize("command", ["check", "grade"])
def test_ctrl_c_ends_the_command_and_its_kernel(tmp_path, command):
    """The notebook writes its process id and sleeps; neither it nor the command outlives Ctrl-C."""
    course = make_course(tmp_path)
    release(course)
    pid = tmp_path / "pid"
    notebook = nbformat.read(notebook_path(course / "exercises"), as_version=4)
    notebook.cells[2].source = (
        f"import os, time\nopen({str(pid)!r} + '.new', 'w').write(str(os.getpid()))\n"
        f"os.replace({str(pid)!r} + '.new', {str(pid)!r})\ntime.sleep(60)"
    )
    submitted = write(notebook, notebook_path(course / "_grading" / "submitted" / "ada"))
    given = str(submitted) if command == "check" else "01_double"
    process = interrupts.start(
        [*COMMAND, command, given], cwd=course, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not pid.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    kernel_lives = is_running(int(pid.read_text()))
    _, err = process.communicate()
    assert not kernel_lives
    assert err.splitlines()[-1] == "rnncourse: interrupted"
    assert "Traceback" not in err


def is_running(pid):
    """Say whether the process lives; one that only waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
