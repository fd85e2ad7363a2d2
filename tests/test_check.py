"""The student's check: each graded item, each thing that is wrong with the notebook, in plain words."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbgrader.utils import compute_checksum

from rnncourse.cli import main
from rnncourse.grading.names import defined_names, name_problems
from rnncourse.grading.preflight import check, format_report
from rnncourse.grading.release import release
from rnncourse.grading.structure import kernel_problems
from tests.tiny_course import VISIBLE, make_course, notebook_path, source_notebook, write

RIGHT = "def double(x):\n    return 2 * x"
WORDS = "Because 2 (x + y) = 2 x + 2 y."
STUB, TRY_IT, TEST, QUESTION = 2, 3, 4, 7


@pytest.fixture(scope="module")
def exercises(tmp_path_factory):
    """Return two released notebooks; the tests of the second give no message of their own."""
    course = make_course(tmp_path_factory.mktemp("course"))
    bare = source_notebook()
    bare.cells[TEST].source = VISIBLE.partition(",")[0]
    write(bare, notebook_path(course / "solutions", "02_bare"))
    release(course)
    return {name: notebook_path(course / "exercises", name).read_text() for name in ("01_double", "02_bare")}


@pytest.fixture
def exercise(exercises):
    return nbformat.reads(exercises["01_double"], as_version=4)


@pytest.fixture
def solved(exercise):
    return answer(exercise, RIGHT)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "homework.ipynb"


def answer(notebook, code, words=WORDS):
    notebook.cells[STUB].source = code
    notebook.cells[QUESTION].source = words
    return notebook


def flat(text):
    return " ".join(text.split())


def examine(notebook, path, **options):
    report = check(write(notebook, path), **options)
    return report, flat(format_report(report))


def test_the_untouched_exercise_is_not_attempted(exercise, path, capsys):
    write(exercise, path)
    assert main(["check", str(path)]) == 1
    lines = [flat(line) for line in capsys.readouterr().out.splitlines()]
    assert "not attempted 0 of 2 points, 3 at grading 01_double-double" in lines
    assert "not attempted 4 points from a reader 01_double-words" in lines
    assert "Problems in the notebook" not in lines
    assert lines[-1] == "Not ready to hand in: 2 not attempted."


def test_the_solved_exercise_is_ready_and_the_file_stays_as_it_was(solved, path, capsys):
    before = write(solved, path).read_bytes()
    assert main(["check", str(path)]) == 0
    out = flat(capsys.readouterr().out)
    assert "passed 2 of 2 points, 3 at grading 01_double-double" in out
    assert "answered 4 points from a reader 01_double-words" in out
    assert "Visible tests: 2 of 2 points. Hidden tests: 3 points; they are run at grading." in out
    assert out.endswith("Ready to hand in.")
    assert path.read_bytes() == before


WRONG = {
    "message of the test": ("def double(x):\n    return x", "double(2): wanted 4; is the factor missing?"),
    "another error": ("def double(x):\n    return 2 * x / 0", "ZeroDivisionError: division by zero"),
    "rest of a stub": ("def double(x):\n    y = x\n    raise NotImplementedError()", "a stub is left"),
    "warning": (
        "def double(x):\n    import warnings\n    warnings.warn('odd')\n    return 2 * x",
        "line 3: UserWarning: odd",
    ),
    "syntax": ("def double(x)\n    return x", "stops with an error: SyntaxError: expected ':' (line 1)"),
    "typed input": ("def double(x):\n    return 2 * float(input())", "asks for typed input with input()"),
    "shown number": (
        "import sys\ndef double(x):\n    sys.displayhook(9)\n    return 2 * x",
        "takes for points and cannot",
    ),
}


@pytest.mark.parametrize(("code", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_fails_with_a_sentence(exercise, path, code, message):
    report, text = examine(answer(exercise, code), path)
    assert [item.state for item in report.items] == ["failed", "answered"]
    assert (report.items[0].got, report.items[0].visible, report.items[0].hidden) == (0, 2, 3)
    assert message in text
    assert "Traceback" not in text
    assert not report.is_ready


def test_a_test_without_a_message_shows_its_line(exercises, path):
    notebook = answer(nbformat.reads(exercises["02_bare"], as_version=4), "def double(x):\n    return x")
    _, text = examine(notebook, path)
    assert "not true: assert double(2) == 4" in text


def test_an_emptied_answer_is_not_attempted(exercise, path):
    report, _ = examine(answer(exercise, RIGHT, words=" \n"), path)
    assert [item.state for item in report.items] == ["passed", "not attempted"]


def test_damage_to_graded_cells_is_named(solved, path):
    """Another kernel, a task copied, one edited, a test edited, one deleted, an answer turned into code."""
    solved.metadata.kernelspec.name = "my-own"
    cells = solved.cells
    double = nbformat.from_dict({**cells[1], "id": "copy"})
    cells[QUESTION].cell_type = "code"
    cells[QUESTION].update(outputs=[], execution_count=None, source="'words'")
    cells[6].source += " Now."
    cells[TEST].source = "assert True"
    del cells[5]
    cells.insert(0, double)
    report, text = examine(solved, path)
    assert [item.state for item in report.items] == ["failed", "answered"]
    assert "its test cell was edited" in text
    assert [problem.partition(";")[0] for problem in report.problems] == [
        "the notebook asks for the kernel 'my-own' (python)",
        "cells 1 and 3 are the same task cell, 01_double-double-task",
        "cell 6 (`assert True`) is a locked test cell and was edited (01_double-double-visible)",
        "the test cell 01_double-double-hidden is missing",
        "cell 7 (`Say why. Now.`) is a locked task cell and was edited (01_double-words-task)",
        "cell 8 (`'words'`) was turned from a markdown cell into a code cell",
    ]


def test_an_edit_of_points_alone_changes_nothing(solved, path):
    """Grading restores the settings of a cell, and so does the check."""
    solved.cells[TEST].metadata.nbgrader.update(points=99, locked=False)
    report, _ = examine(solved, path)
    assert report.is_ready
    assert report.items[0].visible == 2


def test_missing_names_are_explained(solved, path):
    """Of the cells appended, two work in another order only, one needs a deleted cell, one a misspelled name."""
    worked = new_code_cell("print(gone)", execution_count=4)
    solved.cells += [
        new_code_cell("a = later + 1"),
        new_code_cell("later = 1"),
        worked,
        new_code_cell("print(lter)"),
        new_code_cell("broken = 1 / 0"),
        new_code_cell("print(broken)"),
        new_code_cell("if later > 1:\n    rare = 1"),
        new_code_cell("print(rare)"),
    ]
    report, _ = examine(solved, path)
    assert all(item.is_ready for item in report.items)
    assert not report.is_ready
    assert report.problems == [
        "cell 9 (`a = later + 1`) needs `later`, which only cell 10 (`later = 1`) defines, further down; "
        "move that cell above cell 9",
        "cell 11 (`print(gone)`) needs `gone`, which no cell defines any more, although the saved output shows that "
        "it once worked: the cell that defined it was deleted or changed; write it again above cell 11",
        "cell 12 (`print(lter)`) needs `lter`, which no cell defines; is it misspelled, or is a cell missing?",
        "cell 14 (`print(broken)`) needs `broken`, which cell 13 (`broken = 1 / 0`) was to define, "
        "but that cell stops with an error; mend it first",
        "cell 16 (`print(rare)`) needs `rare`, which cell 15 (`if later > 1:`) does not define in every case; "
        "define it there in any case",
        "cell 13 (`broken = 1 / 0`) stops with an error: ZeroDivisionError: division by zero",
    ]


def test_a_name_missing_inside_a_function_is_put_down_to_its_cell(exercise, path):
    """The function is called by the try-it cell and by the tests; the question is left unanswered."""
    report, _ = examine(answer(exercise, "def double(x):\n    y = 2 * x\n    return tanh(y)"), path)
    assert report.problems == ["cell 3 (`def double(x):`) needs `tanh`, which no cell defines; did you mean `np.tanh`?"]


def test_a_name_of_numpy_is_explained_though_another_stub_is_left(solved, path):
    stub = nbformat.from_dict({**solved.cells[STUB], "id": "second", "source": "raise NotImplementedError()"})
    stub.metadata.nbgrader.grade_id = "01_double-second"
    entry = {**solved.metadata.rnncourse.manifest[1], "grade_id": "01_double-second"}
    solved.metadata.rnncourse.manifest.append({**entry, "checksum": compute_checksum(stub)})
    solved.cells.append(stub)
    solved.cells[STUB].source = "def double(x):\n    return tanh(x)"
    report, _ = examine(solved, path)
    assert [problem for problem in report.problems if "np.tanh" in problem]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import numpy as np\nfrom os import path", {"np", "path"}),
        ("def f(x):\n    y = x", {"f"}),
        ("%matplotlib inline\nfiles = !ls\nfor i in []:\n    pass", {"files", "i"}),
        ("def f(x)\n    pass", {"f"}),
        ("print(a)", set()),
    ],
)
def test_the_names_that_a_cell_defines(source, names):
    assert defined_names(new_code_cell(source)) - {"get_ipython"} == names


def test_a_name_that_a_stub_may_define_is_no_problem_yet():
    error = new_output("error", ename="NameError", evalue="name 'x' is not defined", traceback=[])
    notebook = new_notebook(cells=[new_code_cell("print(x)", outputs=[error])])
    assert list(name_problems(notebook, notebook, unfinished=True)) == []
    assert len(list(name_problems(notebook, notebook, unfinished=False))) == 1


def test_a_cell_that_never_ends_is_named(exercise, path):
    endless = "while True:\n    try:\n        pass\n    except BaseException:\n        pass"
    report, text = examine(answer(exercise, endless), path, cell_timeout=2)
    assert report.problems == [
        "cell 3 (`while True:`) ran longer than 2 seconds: is there an endless loop? The cells after it were not run."
    ]
    assert "not run, because cell 3 ended the run" in text


def test_items_after_the_end_of_the_run_are_not_run(exercise, path):
    """Of three items, the first never ends, the second was answered, the third was not."""
    first = [exercise.cells[index] for index in (1, STUB, TRY_IT, TEST, 5)]
    manifest = exercise.metadata.rnncourse.manifest
    entries = {entry.grade_id: entry for entry in manifest}
    for name in ("second", "third"):
        for cell in first:
            later = nbformat.from_dict({**cell, "id": f"{name}-{cell.id}"})
            exercise.cells.append(later)
            if "nbgrader" in cell.metadata:
                grade_id = cell.metadata.nbgrader.grade_id.replace("-double", f"-{name}")
                later.metadata.nbgrader = nbformat.from_dict({**cell.metadata.nbgrader, "grade_id": grade_id})
                checksum = compute_checksum(later)
                manifest.append(
                    {**entries[cell.metadata.nbgrader.grade_id], "grade_id": grade_id, "checksum": checksum}
                )
    answer(exercise, "def double(x):\n    while True:\n        pass")
    exercise.cells[9].source = RIGHT
    report, text = examine(exercise, path, cell_timeout=2)
    assert [item.state for item in report.items] == ["failed", "answered", "not run", "not attempted"]
    assert text.endswith("Not ready to hand in: 1 failed, 1 not attempted, 1 not run, 1 problem.")


def test_a_cell_that_ends_python_is_named(exercise, path):
    report, text = examine(answer(exercise, "import os\nos._exit(0)"), path)
    assert report.problems[0].startswith("cell 3 (`import os`) ended Python itself")
    assert [item.state for item in report.items] == ["failed", "answered"]
    assert "not run, because cell 3 ended the run" in text


KERNELS = [{"name": "ir", "language": "R"}, {"name": "py2", "language": "python"}, {"name": "python3", "language": "R"}]


@pytest.mark.parametrize("kernel", KERNELS)
def test_another_kernel_is_named(solved, kernel):
    assert list(kernel_problems(solved)) == []
    solved.metadata["kernelspec"] = {"display_name": "Another", **kernel}
    (problem,) = kernel_problems(solved)
    assert problem.startswith(f"the notebook asks for the kernel {kernel['name']!r} ({kernel['language']}); choose")


def old_format():
    cell = {"cell_type": "code", "input": "1", "language": "python", "outputs": [], "metadata": {}}
    return json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [cell]}]})


def other_course(**metadata):
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": []})


BAD_FILES = {
    "empty": (b"", "is empty"),
    "blank": (b"\n \n", "is empty"),
    "text": (b"Dear teacher", "is not a notebook"),
    "picture": (b"\x89PNG\r\n\x1a\n\xff\xfe", "is not a notebook: it is not text in UTF-8"),
    "list": (b"[1, 2]", "is not a notebook: it is JSON, but of another kind"),
    "other JSON": (b'{"a": 1}', "is not a notebook: it is JSON, but of another kind"),
    "cut off": (b'{"cells": [', "is damaged (Expecting value"),
    "no cells": (b'{"nbformat": 4}', "is damaged: it has no list of cells"),
    "bad cell": (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"x": 1}]}', "is damaged: "),
    "bad source": (
        b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, '
        b'"cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": 5}]}',
        "is damaged: ",
    ),
    "cell of text": (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": ["x"]}', "is damaged: "),
    "deep": (b'{"cells":' + b"[" * 100_000, "is damaged"),
    "format 3": (old_format().encode(), "notebook format 3, and this course reads format 4; open it in JupyterLab"),
    "other course": (other_course().encode(), "is not an exercise of this course"),
    "no manifest": (other_course(rnncourse={"needs": ["imdb"]}).encode(), "is not an exercise of this course"),
    "bad manifest": (
        other_course(rnncourse={"assignment": "x", "manifest": [{"grade_id": 1}]}).encode(),
        "is not an exercise of this course",
    ),
}


@pytest.mark.parametrize(("content", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_file_that_is_no_exercise_gets_one_sentence(path, capsys, content, message):
    path.write_bytes(content)
    assert main(["check", str(path)]) == 1
    assert_one_sentence(capsys.readouterr().err, message)


def test_a_folder_a_missing_file_and_the_solution_get_one_sentence(tmp_path, capsys):
    solution = write(source_notebook(), tmp_path / "solution.ipynb")
    for given, message in [
        (tmp_path, "is a folder; name the notebook in it"),
        (tmp_path / "none.ipynb", "does not exist"),
        (solution, "is the solution; check the notebook that students get"),
    ]:
        assert main(["check", str(given)]) == 1
        assert_one_sentence(capsys.readouterr().err, message)


def assert_one_sentence(err, message):
    assert err.startswith("rnncourse check: ")
    assert message in err
    assert err.count("\n") == 1
    assert "Traceback" not in err
