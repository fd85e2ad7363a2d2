import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from rnncourse.records import (
    FIELDS,
    add_run,
    differences,
    library_versions,
    load_record,
    protocol_hash,
    protocol_source,
    train_missing,
)

BOOK = Path(__file__).parents[1] / "book"
PAGES = {path: BOOK / page for path, page in [(BOOK / "results/imdb.json", "11_imdb.ipynb")]}

FACTS = {"params": 1, "epochs": 1, "train_size": 2, "cpu_seconds": 0.1, "history": {"accuracy": [0.6]}}
PROTOCOL = """
from pathlib import Path
MODELS = ("a", "b")

def train(model, seed):
    with open("calls.txt", "a") as calls:
        calls.write(f"{model}{seed} ")
    return None, FACTS | {"val_accuracy": 0.7, "test_accuracy": seed / 10}
"""


def write_page(path, protocol=PROTOCOL):
    cells = [
        nbformat.v4.new_code_cell(f"FACTS = {FACTS}", metadata={"tags": ["protocol"]}),
        nbformat.v4.new_code_cell("raise AssertionError('not part of the protocol')"),
        nbformat.v4.new_code_cell(protocol, metadata={"tags": ["protocol", "hide-input"]}),
        nbformat.v4.new_markdown_cell("words"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_page(tmp_path / "page.ipynb")
    return tmp_path / "page.ipynb"


@pytest.fixture
def record(tmp_path):
    return tmp_path / "record.json"


def train(page, record, seeds=range(2)):
    """Train what is missing and return which runs that were."""
    calls = page.with_name("calls.txt")
    calls.write_text("")
    train_missing(page, record, seeds)
    return calls.read_text().split()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_record_was_made_by_the_protocol_on_its_page(path):
    protocol = protocol_hash(protocol_source(PAGES[path]))
    assert {run["protocol"] for run in load_record(path)} == {protocol}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_recorded_model_has_three_seeds(path):
    runs = load_record(path)
    models = {run["model"] for run in runs}
    seeds = {model: [run["seed"] for run in runs if run["model"] == model] for model in models}
    assert seeds
    assert all(len(set(of)) >= 3 for of in seeds.values())


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_recorded_run_is_plausible(path):
    for run in load_record(path):
        assert run.keys() >= FIELDS
        assert 0.5 < run["test_accuracy"] < 1
        assert 0.5 < run["val_accuracy"] < 1
        assert run["cpu_seconds"] > 0
        assert 1 <= run["epochs"] <= len(run["history"]["accuracy"])


def test_imdb_networks_reach_86_percent_in_two_cpu_minutes():
    runs = load_record(BOOK / "results/imdb.json")
    assert {run["model"] for run in runs} == {"LSTM", "GRU"}
    for run in runs:
        assert run["test_accuracy"] >= 0.86
        assert run["cpu_seconds"] < 120


def test_each_record_has_its_script():
    assert {path.with_suffix(".py") for path in PAGES} == set((BOOK / "results").glob("*.py"))


def test_only_tagged_cells_are_run_and_hashed(page, record):
    assert train(page, record) == ["a0", "b0", "a1", "b1"]
    assert [(run["model"], run["seed"], run["test_accuracy"]) for run in load_record(record)] == [
        ("a", 0, 0.0),
        ("a", 1, 0.1),
        ("b", 0, 0.0),
        ("b", 1, 0.1),
    ]
    hashed = protocol_hash(protocol_source(page))
    page.write_text(page.read_text().replace("words", "other words"))
    assert protocol_hash(protocol_source(page)) == hashed
    page.write_text(page.read_text().replace("seed / 10", "seed / 11"))
    assert protocol_hash(protocol_source(page)) != hashed


def test_finished_runs_are_not_repeated(page, record):
    train(page, record)
    before = record.read_bytes()
    assert train(page, record) == []
    assert record.read_bytes() == before
    assert train(page, record, range(3)) == ["a2", "b2"]


def test_runs_of_another_protocol_are_repeated_one_by_one(page, record):
    train(page, record)
    write_page(page, PROTOCOL.replace('("a", "b")', '("b",)'))
    assert train(page, record) == ["b0", "b1"]
    assert len(load_record(record)) == 4


def test_runs_of_other_libraries_are_repeated(page, record):
    train(page, record)
    runs = load_record(record)
    runs[0]["versions"]["keras"] = "2.15.0"
    record.write_text(json.dumps(runs))
    assert differences(runs[0], runs[0]["protocol"]) == [f"keras 2.15.0, here {library_versions()['keras']}"]
    assert train(page, record) == ["a0"]


def test_another_bugfix_release_makes_no_difference(page, record):
    train(page, record)
    run = load_record(record)[0]
    run["versions"] = {name: ".".join([*v.split(".")[:2], "999"]) for name, v in run["versions"].items()}
    assert differences(run, run["protocol"]) == []
    assert differences(run, "0123456789ab") == [f"protocol {run['protocol']}, here 0123456789ab"]


def test_a_killed_script_loses_no_finished_run_and_resumes(page, record):
    killer = PROTOCOL.replace(
        "    return",
        "    if (model, seed) == ('a', 1) and not Path('spare').exists():\n"
        f"        import os; os.kill(os.getpid(), {int(signal.SIGKILL)})\n    return",
    )
    write_page(page, killer)
    code = "import sys; from pathlib import Path; from rnncourse.records import train_missing"
    code += "; train_missing(Path(sys.argv[1]), Path(sys.argv[2]), range(2))"
    done = subprocess.run([sys.executable, "-c", code, page, record], capture_output=True, cwd=page.parent)
    assert done.returncode == -signal.SIGKILL
    assert [(run["model"], run["seed"]) for run in load_record(record)] == [("a", 0), ("b", 0)]
    (page.parent / "spare").touch()
    assert train(page, record) == ["a1", "b1"]


def test_killed_while_writing_leaves_the_old_record(page, record, monkeypatch):
    train(page, record, [0])
    before = record.read_bytes()

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        train(page, record)
    assert record.read_bytes() == before


@pytest.mark.parametrize("text", ["", "{", '["run"]', "3", '{"model": "a"}', '[{"model": "a", "seed": 0}]'])
def test_a_damaged_record_is_named_and_kept(page, record, text):
    record.write_text(text)
    with pytest.raises(ValueError, match=r"record\.json is not a record \(.*\); restore it with git, or delete it"):
        train(page, record)
    with pytest.raises(ValueError, match="is not a record"):
        add_run(record, {"model": "a", "seed": 0})
    assert record.read_text() == text


def run_script(script):
    return subprocess.run([sys.executable, script], capture_output=True, text=True, cwd=script.parent)


def test_the_script_trains_its_page_and_refuses_a_damaged_record_in_one_sentence(tmp_path):
    script = tmp_path / "results/imdb.py"
    script.parent.mkdir()
    shutil.copy(BOOK / "results/imdb.py", script)
    assert "11_imdb.ipynb" in run_script(script).stderr
    write_page(tmp_path / "11_imdb.ipynb")
    assert run_script(script).returncode == 0
    assert len(load_record(script.with_suffix(".json"))) == 6
    script.with_suffix(".json").write_text("[")
    done = run_script(script)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "is not a record" in done.stderr
    assert script.with_suffix(".json").read_text() == "["


def test_a_page_without_protocol_is_named(tmp_path):
    path = tmp_path / "page.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")]), path)
    with pytest.raises(ValueError, match=r"page\.ipynb has no cell tagged `protocol`"):
        protocol_source(path)
