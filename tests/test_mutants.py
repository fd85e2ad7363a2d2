"""The tests of the exercises, tested: each wrong answer loses exactly its points, each right one none."""

import ast
import copy
import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.preprocessors import ClearSolutions

from tests.mutants.scoring import Score, grade_id, is_test, score
from tests.mutants.table import Alternative, Item, Mutant

ROOT = Path(__file__).parents[1]
TABLES = sorted((ROOT / "tests" / "mutants").glob("[0-9][0-9]_*.py"))
STEMS = [path.stem for path in TABLES]


def load_items(path: Path) -> tuple[Item, ...]:
    """Import a table by its path, as its name starts with digits."""
    spec = spec_from_file_location(f"mutants_{path.stem}", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.ITEMS


def read_solution(stem: str) -> NotebookNode:
    return nbformat.read(ROOT / "solutions" / stem / f"{stem}.ipynb", as_version=4)


def clear_solutions(notebook: NotebookNode) -> NotebookNode:
    return ClearSolutions().preprocess(copy.deepcopy(notebook), {})[0]


ITEMS = {stem: load_items(path) for stem, path in zip(STEMS, TABLES, strict=True)}
SOLUTIONS = {stem: read_solution(stem) for stem in STEMS}
STUBS = {stem: clear_solutions(notebook) for stem, notebook in SOLUTIONS.items()}


def find_tests(stem: str) -> list[NotebookNode]:
    return [cell for cell in SOLUTIONS[stem].cells if is_test(cell)]


def full_points(stem: str) -> dict[str, float]:
    return {grade_id(cell): cell.metadata.nbgrader.points for cell in find_tests(stem)}


def answer_cells(stem: str) -> dict[str, str]:
    """Return the autograded answers of the solution by their grade_id."""
    cells = [cell for cell in SOLUTIONS[stem].cells if cell.cell_type == "code"]
    return {grade_id(cell): cell.source for cell in cells if cell.metadata.get("nbgrader", {}).get("solution")}


def cases(kind: str) -> list:
    return [
        pytest.param(stem, item, answer, id=f"{item.grade_id}-{answer.name}".replace(" ", "_"))
        for stem in STEMS
        for item in ITEMS[stem]
        for answer in getattr(item, kind)
    ]


every_stem = pytest.mark.parametrize("stem", STEMS)


def test_every_problem_set_has_a_table():
    assert sorted(path.parent.name for path in (ROOT / "solutions").glob("*/*.ipynb")) == STEMS


@every_stem
def test_every_autograded_item_has_three_wrong_and_two_alternative_answers(stem):
    assert {item.grade_id for item in ITEMS[stem]} == answer_cells(stem).keys()
    for item in ITEMS[stem]:
        assert len({mutant.name for mutant in item.mutants}) == len(item.mutants) >= 3, item.grade_id
        assert len({answer.name for answer in item.alternatives}) == len(item.alternatives) >= 2, item.grade_id


@pytest.mark.parametrize(("stem", "item", "mutant"), cases("mutants"))
def test_wrong_answer_loses_exactly_its_points_and_is_told_why(stem: str, item: Item, mutant: Mutant):
    scores = score(SOLUTIONS[stem], {item.grade_id: mutant.answer})
    lost = {test: full - scores[test].points for test, full in full_points(stem).items() if scores[test].points < full}
    assert lost == mutant.loses, {test: scores[test].message for test in lost}
    first = next(test for test in full_points(stem) if test in lost)
    assert re.search(mutant.message, scores[first].message), scores[first].message


@pytest.mark.parametrize(("stem", "item", "answer"), cases("alternatives"))
def test_alternative_answer_gets_full_marks(stem: str, item: Item, answer: Alternative):
    scores = score(SOLUTIONS[stem], {item.grade_id: answer.answer})
    assert {test: s.message for test, s in scores.items() if s.message} == {}
    assert {test: s.points for test, s in scores.items()} == full_points(stem)


@every_stem
def test_solution_gets_full_marks(stem):
    assert {test: s.points for test, s in score(SOLUTIONS[stem]).items()} == full_points(stem)


@every_stem
def test_untouched_exercise_scores_zero(stem):
    scores = score(STUBS[stem])
    assert set(scores) == set(full_points(stem))
    assert {s.points for s in scores.values()} == {0}
    assert {s.message.split(":")[0] for s in scores.values()} == {"NotImplementedError"}


@pytest.mark.parametrize(("stem", "item"), [(stem, item.grade_id) for stem in STEMS for item in ITEMS[stem]])
def test_item_alone_gets_its_full_points_and_no_others(stem, item):
    scores = score(STUBS[stem], {item: answer_cells(stem)[item]})
    wanted = {test: full if test.startswith(f"{item}-") else 0 for test, full in full_points(stem).items()}
    assert {test: s.points for test, s in scores.items()} == wanted


@every_stem
def test_no_test_cell_ends_in_an_expression(stem):
    """nbgrader would read its value as partial credit."""
    for cell in find_tests(stem):
        assert not isinstance(ast.parse(cell.source).body[-1], ast.Expr), grade_id(cell)


@every_stem
def test_each_item_has_a_task_a_try_it_cell_and_both_kinds_of_tests(stem):
    ids = [cell.id for cell in SOLUTIONS[stem].cells]
    for item in answer_cells(stem):
        name = item.removeprefix(f"{stem}-")
        start = ids.index(name)
        wanted = [f"{name}-task", name, f"{name}-try-it", f"{name}-visible", f"{name}-hidden"]
        assert ids[start - 1 : start + 4] == wanted
        assert "try-it" in SOLUTIONS[stem].cells[start + 1].metadata.tags


@every_stem
def test_hidden_tests_stand_between_the_marks_and_visible_ones_do_not(stem):
    for cell in find_tests(stem):
        lines = [line for line in cell.source.splitlines() if line and not line.startswith("# ")]
        is_hidden = (lines[0], lines[-1]) == ("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS")
        assert is_hidden == grade_id(cell).endswith("-hidden")
        assert is_hidden or "HIDDEN TESTS" not in cell.source


def points_of_rows(table: str) -> dict[str, list[int]]:
    """Read the opening's table: the numbers of each row by its item."""
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\|(.*)\|$", table, re.MULTILINE)
    return {item: [int(number) for number in re.findall(r"\d+", numbers)] for item, numbers in rows}


@every_stem
def test_points_in_the_text_are_the_points_of_the_cells(stem):
    opening, *cells = SOLUTIONS[stem].cells
    points = {grade_id(c): c.metadata.nbgrader.points for c in cells if "points" in c.metadata.get("nbgrader", {})}
    text = {cell.id: cell.source for cell in cells}
    for name, (*parts, total) in points_of_rows(opening.source).items():
        ids = [f"{stem}-{name}-{kind}" for kind in ("visible", "hidden")] if parts else [f"{stem}-{name}"]
        found = [points.pop(test) for test in ids]
        assert (found, sum(found)) == (parts or [total], total), name
        assert f"({total} points" in text[f"{name}-task"]
        for test, part in zip(ids, parts, strict=False):
            first_line = text[test.removeprefix(f"{stem}-")].splitlines()[0]
            assert f"{part} point{'s' * (part > 1)}" in first_line
    assert points == {}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = 1", ""),
        ("print('fine')", ""),
        ("assert x, 'no'", "NameError: name 'x' is not defined"),
        ("raise AssertionError('h: wrong')", "AssertionError: h: wrong"),
        ("import sys; sys.exit(0)", "SystemExit: 0"),
        ("import sys; print('oh', file=sys.stderr)", "oh\n"),
        ("import numpy as np; np.log(np.zeros(1))", "RuntimeWarning: divide by zero encountered in log\n"),
        ("x = (", "SyntaxError: '(' was never closed (<cell>, line 1)"),
    ],
)
def test_a_cell_scores_as_under_nbgrader(source, message):
    settings = {"grade": True, "solution": False, "grade_id": "test", "points": 3}
    notebook = new_notebook(cells=[new_code_cell(source, metadata={"nbgrader": settings})])
    assert score(notebook) == {"test": Score(0 if message else 3, message)}
