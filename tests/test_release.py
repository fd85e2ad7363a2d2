"""The release gives students everything but the answers, and is all or nothing."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbgrader.utils import compute_checksum

from rnncourse.cli import main
from rnncourse.grading import CourseError
from rnncourse.grading import release as release_module
from rnncourse.grading.course import find_course, list_assignments
from rnncourse.grading.release import find_leaks, release, stale_files
from rnncourse.grading.swap import replace_folder
from tests import interrupts
from tests.tiny_course import ASSIGNMENT, POINTS, ROOT, make_course, notebook_path, source_notebook, write

REGION = re.compile(r"### BEGIN (SOLUTION|HIDDEN TESTS|MARK SCHEME)\n(.*?)### END \1", re.DOTALL)


@pytest.fixture
def course(tmp_path):
    return make_course(tmp_path)


def snapshot(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def litter(course):
    return [path.name for path in course.iterdir() if path.name.startswith(".exercises-")]


def secrets(notebook):
    """Return the lines that stand only between markers: answers, hidden tests, mark schemes."""
    sources = ["".join(cell["source"]) for cell in notebook["cells"]]
    hidden = {line.strip() for source in sources for _, region in REGION.findall(source) for line in region.split("\n")}
    shown = {line.strip() for source in sources for line in REGION.sub("", source).split("\n")}
    return {line for line in hidden - shown if len(line) > 8}


def test_the_course_has_an_assignment():
    assert list_assignments(ROOT)


def test_exercises_are_exactly_what_the_solutions_release():
    assert stale_files(ROOT) == [], "run `make release` and commit exercises/"


def test_exercises_hold_no_answer_no_hidden_test_no_mark_scheme():
    released = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "exercises").rglob("*.ipynb"))
    sources = sorted((ROOT / "solutions").glob("*/*.ipynb"))
    kept = {line for path in sources for line in secrets(json.loads(path.read_text(encoding="utf-8")))}
    assert kept
    # JSON escapes quotes, so the lines are compared as they stand in the file.
    assert [line for line in kept if json.dumps(line, ensure_ascii=False)[1:-1] in released] == []
    assert find_leaks(ROOT / "exercises") == []


def test_a_release_holds_stubs_and_no_secret(course):
    release(course)
    text = notebook_path(course / "exercises").read_text(encoding="utf-8")
    assert "raise NotImplementedError()" in text
    assert secrets(source_notebook()) == {"return 2 * x", "assert double(-3) == -6", "Two points for linearity."}
    assert not [line for line in secrets(source_notebook()) if line in text]
    assert "It is linear" not in text
    assert "the answer is" not in text, "outputs are cleared"


def test_the_manifest_lists_each_graded_cell_with_its_checksum(course):
    release(course)
    notebook = nbformat.read(notebook_path(course / "exercises"), as_version=4)
    assert notebook.metadata.rnncourse.needs == []
    assert notebook.metadata.rnncourse.assignment == ASSIGNMENT
    manifest = {entry.grade_id: entry for entry in notebook.metadata.rnncourse.manifest}
    cells = {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells if "nbgrader" in cell.metadata}
    assert list(manifest) == list(cells)
    assert {name: entry.checksum for name, entry in manifest.items()} == {
        name: compute_checksum(cell) for name, cell in cells.items()
    }
    assert manifest["01_double-double-hidden"] | {"checksum": ""} == {
        "grade_id": "01_double-double-hidden",
        "cell_type": "code",
        "points": POINTS["hidden"],
        "checksum": "",
        "grade": True,
        "solution": False,
        "locked": True,
    }


def test_cells_that_fail_until_answered_may_raise(course):
    release(course)
    notebook = nbformat.read(notebook_path(course / "exercises"), as_version=4)
    tagged = [
        number for number, cell in enumerate(notebook.cells) if "raises-exception" in cell.metadata.get("tags", [])
    ]
    assert tagged == [3, 4, 5]


def test_two_releases_are_byte_for_byte_the_same(course):
    release(course)
    first = snapshot(course / "exercises")
    release(course)
    assert snapshot(course / "exercises") == first
    assert stale_files(course) == []


def test_a_stale_exercise_is_named(course):
    release(course)
    path = notebook_path(course / "exercises")
    path.write_text(path.read_text().replace("Say why", "Say how"))
    (course / "exercises" / "extra.txt").write_text("left over")
    assert stale_files(course) == [f"{ASSIGNMENT}/{ASSIGNMENT}.ipynb", "extra.txt"]


def test_releasing_all_drops_the_exercise_of_a_deleted_assignment(course):
    release(course)
    write(source_notebook(), notebook_path(course / "solutions", "02_new"))
    notebook_path(course / "solutions").unlink()
    assert release(course) == ["02_new"]
    assert [path.name for path in (course / "exercises").iterdir()] == ["02_new"]


def test_releasing_one_keeps_the_others(course):
    release(course)
    before = snapshot(course / "exercises")
    write(source_notebook(), notebook_path(course / "solutions", "02_new"))
    assert release(course, ["02_new"]) == ["02_new"]
    after = snapshot(course / "exercises")
    assert before.items() < after.items()
    assert len(after) == len(before) + 1


def broken(source="", **metadata):
    """Return a solution notebook whose third cell has another source or other settings."""
    notebook = source_notebook()
    notebook.cells[2].source = source or notebook.cells[2].source
    notebook.cells[2].metadata.nbgrader.update(metadata)
    return notebook


def without_id():
    notebook = source_notebook()
    del notebook.cells[0]["id"]
    notebook.nbformat_minor = 4
    return notebook


FAULTS = {
    "no end": (broken("### BEGIN SOLUTION\nx = 1"), r"cell 3 \(01_double-double\): no end solution statement"),
    "marker misspelled": (
        broken("# BEGIN HIDDEN TEST\n### BEGIN SOLUTION\n### END SOLUTION"),
        "BEGIN HIDDEN' is left in",
    ),
    "hidden among visible": (
        broken("### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS"),
        r"cell 3 \(01_double-double\): hidden tests stand in a cell of their own",
    ),
    "solution unmarked": (broken(solution=False, locked=True), r"cell 3 \(01_double-double\): Solution region"),
    "same id twice": (broken(grade_id="01_double-words"), "Duplicate grade id: 01_double-words"),
    "no points": (broken(grade=True), r"cell 3 \(01_double-double\): .*points"),
    "dot in the id": (broken(grade_id="01_double.double"), r"cell 3 \(01_double\.double\): nbgrader allows letters"),
    "no cell id": (without_id(), r"cell 1: the cell has no id.*make execute"),
}


@pytest.mark.parametrize(("notebook", "message"), FAULTS.values(), ids=FAULTS)
@pytest.mark.filterwarnings("ignore::nbformat.warnings.MissingIDFieldWarning")
def test_a_faulty_solution_is_named_and_leaves_exercises_as_they_were(course, notebook, message):
    release(course)
    before = snapshot(course / "exercises")
    write(notebook, notebook_path(course / "solutions", "02_faulty"))
    with pytest.raises(CourseError, match=message) as caught:
        release(course)
    assert "02_faulty.ipynb" in str(caught.value)
    assert snapshot(course / "exercises") == before
    assert litter(course) == []


def git(folder, *arguments):
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def commit(course):
    git(course, "init", "--quiet")
    (course / ".gitignore").write_text("_grading/\n*.log\n")
    git(course, "add", ".")
    git(course, "commit", "--quiet", "--message", "All")


def solve(course):
    path = notebook_path(course / "exercises")
    path.write_text(path.read_text().replace("raise NotImplementedError()", "return 2 * x"))


@pytest.mark.parametrize("with_git", [True, False])
def test_a_release_destroys_no_work(course, with_git, monkeypatch, capsys):
    """An answer, a note, and a file that git ignores stop it, with git and without; --force goes on."""
    release(course)
    fresh = snapshot(course / "exercises")
    if with_git:
        commit(course)
    solve(course)
    (course / "exercises" / "mynotes.txt").write_text("mine")
    (course / "exercises" / "run.log").write_text("ignored by git")
    checkpoint = course / "exercises" / ".ipynb_checkpoints" / "old.ipynb"
    checkpoint.parent.mkdir()
    checkpoint.touch()
    before = snapshot(course / "exercises")
    monkeypatch.chdir(course)
    assert main(["release"]) == 1
    assert capsys.readouterr().err == (
        "rnncourse release: exercises/ has changes that git does not hold (01_double/01_double.ipynb, mynotes.txt, "
        "run.log); move them away, or use `rnncourse release --force`\n"
    )
    assert snapshot(course / "exercises") == before
    assert litter(course) == []
    assert main(["release", "--force"]) == 0
    assert snapshot(course / "exercises") == fresh


def test_a_release_of_one_assignment_leaves_the_work_in_others_alone(course):
    write(source_notebook(), notebook_path(course / "solutions", "02_new"))
    release(course)
    solve(course)
    before = snapshot(course / "exercises")
    release(course, ["02_new"])
    assert snapshot(course / "exercises") == before
    with pytest.raises(CourseError, match=ASSIGNMENT):
        release(course, [ASSIGNMENT])


def test_an_author_releases_again_and_again_without_a_commit(course):
    (course / "solutions" / ASSIGNMENT / "data.csv").write_text("0")
    release(course)
    commit(course)
    for text in ("first", "second"):
        notebook = source_notebook()
        notebook.cells[0].source = text
        write(notebook, notebook_path(course / "solutions"))
        (course / "solutions" / ASSIGNMENT / "data.csv").write_text(text)
        release(course)
        assert text in notebook_path(course / "exercises").read_text()
    assert (course / "exercises" / ASSIGNMENT / "data.csv").read_text() == "second"


def test_what_git_holds_may_be_replaced(course):
    """Here no release was made on this machine: the clone came with its exercises."""
    release(course)
    solve(course)
    commit(course)
    (course / "_grading" / "released.txt").unlink()
    release(course)
    assert "raise NotImplementedError()" in notebook_path(course / "exercises").read_text()


def test_an_unknown_assignment_lists_the_known(course):
    with pytest.raises(CourseError, match="no assignment '07_none'; there are: 01_double"):
        release(course, ["07_none"])


def test_a_course_without_solutions_keeps_its_exercises(course):
    release(course)
    before = snapshot(course / "exercises")
    notebook_path(course / "solutions").unlink()
    with pytest.raises(CourseError, match="no assignment to release"):
        release(course)
    assert snapshot(course / "exercises") == before


def test_a_full_disk_leaves_exercises_as_they_were(course, monkeypatch):
    release(course)
    before = snapshot(course / "exercises")

    def full(self, output, resources):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(release_module.GenerateAssignment, "write_single_notebook", full)
    with pytest.raises(CourseError, match=r"01_double\.ipynb: .*No space left"):
        release(course)
    assert snapshot(course / "exercises") == before
    assert litter(course) == []


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_release_leaves_exercises_as_they_were(course, stop):
    release(course)
    before = snapshot(course / "exercises")
    write(source_notebook(), notebook_path(course / "solutions", "02_new"))
    script = (
        "import sys, time, pathlib, rnncourse.grading.release as r; generate = r.generate\n"
        "def slow(*a):\n    generate(*a); print('generated', flush=True); time.sleep(30)\n"
        "r.generate = slow; r.release(pathlib.Path(sys.argv[1]))"
    )
    process = interrupts.start(
        [sys.executable, "-c", script, str(course)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout.readline() == b"generated\n"
    process.send_signal(stop)
    process.communicate(timeout=20)
    assert process.returncode != 0
    assert snapshot(course / "exercises") == before
    release(course)
    assert litter(course) == []


def test_replacing_a_folder_never_leaves_its_place_empty(tmp_path):
    """A reader that looks all the time finds the folder at every moment."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").write_text("0")
    look = "import os, sys\nwhile True:\n    os.stat(sys.argv[1]) if not os.path.exists(sys.argv[2]) else sys.exit()"
    reader = subprocess.Popen([sys.executable, "-c", look, str(folder / "file"), str(tmp_path / "stop")])
    until = time.monotonic() + 1
    while time.monotonic() < until:
        new = tmp_path / "new"
        new.mkdir()
        (new / "file").write_text("1")
        replace_folder(folder, new)
    (tmp_path / "stop").touch()
    assert reader.wait(timeout=10) == 0


def test_a_folder_is_replaced_where_names_cannot_be_exchanged(tmp_path, monkeypatch):
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    monkeypatch.setattr("rnncourse.grading.swap._exchange", lambda first, second: False)
    replace_folder(tmp_path / "old", tmp_path / "new")
    assert [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*"))] == [
        "old",
        os.path.join("old", "new"),
    ]


def test_the_course_is_found_from_a_folder_below(course):
    assert find_course(course / "solutions" / ASSIGNMENT) == course
    with pytest.raises(CourseError, match=r"no nbgrader_config\.py"):
        find_course(Path(course.anchor))
