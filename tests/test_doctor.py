"""The doctor names what is missing, the cure, and fails for what the role needs only."""

import json
import sys
from functools import partial

import pytest

from rnncourse import doctor
from rnncourse.cli import main
from rnncourse.doctor import Finding, examine, format_findings
from tests.tiny_course import make_course


def with_checks(monkeypatch, *findings):
    monkeypatch.setattr(doctor, "_CHECKS", {"student": [partial(Finding, *finding) for finding in findings]})


def test_versions_come_first(monkeypatch, capsys):
    with_checks(monkeypatch, ("numpy",))
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Python       3.")
    for name in ("rnncourse", "numpy", "tensorflow", "keras", "nbgrader", "jupyterlab", "jupyter-book"):
        assert f"\n{name} " in out
    assert out.endswith("ok        numpy\n\nAll that a student needs is here.\n")


def test_a_missing_need_fails_with_its_cure(monkeypatch, capsys):
    with_checks(monkeypatch, ("numpy",), ("TensorFlow", "not found", "install it"))
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "missing   TensorFlow: not found; install it\n" in out
    assert out.endswith("\n1 missing of what a student needs.\n")


def test_a_missing_option_does_not_fail(monkeypatch, capsys):
    with_checks(monkeypatch, ("IMDB", "not found", "load it", False))
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "optional  IMDB: not found; load it\n" in out
    assert out.endswith("\nAll that a student needs is here.\n")


def test_imdb_is_needed_by_those_who_run_its_chapters(tmp_path, monkeypatch):
    monkeypatch.delenv("RNNCOURSE_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    needs = {
        role: [check() for check in checks if getattr(check, "func", None) is doctor.check_imdb]
        for role, checks in doctor._CHECKS.items()
    }
    assert {role: finding.needed for role, (finding,) in needs.items()} == {
        "student": False,
        "instructor": True,
        "author": True,
    }
    assert not any(finding.ok for (finding,) in needs.values())
    assert {finding.fault for (finding,) in needs.values()} == {"not on this machine; chapter 11 reads it"}


def test_an_absent_package_is_named():
    finding = doctor.check_import("no_such_package")
    assert finding.fault == "ModuleNotFoundError: No module named 'no_such_package'"
    assert "pip install" in finding.cure


def test_a_crash_of_tensorflow_is_a_finding(monkeypatch):
    monkeypatch.setattr(doctor, "_TENSORFLOW", "import os; os.abort()")
    assert doctor.check_tensorflow().fault == "exit code -6"


def test_a_wrong_sum_of_tensorflow_is_a_finding(monkeypatch):
    monkeypatch.setattr(doctor, "_TENSORFLOW", "print(5)")
    assert doctor.check_tensorflow().fault == "the sum of four ones is '5'"


def test_the_kernel_starts_here_and_finds_the_course():
    assert doctor.check_kernel().ok


@pytest.mark.parametrize(
    ("argv", "fault"),
    [
        (["-c", "raise SystemExit(1)", "{connection_file}"], "RuntimeError"),
        (["-m", "ipykernel_launcher", "-f", "{connection_file}"], "ImportError: not here"),
    ],
)
def test_a_kernel_of_the_users_own_is_found_out(tmp_path, monkeypatch, argv, fault):
    """A kernelspec in the home folder comes before the environment's and may start a Python without the course."""
    spec = tmp_path / "kernels" / "python3"
    spec.mkdir(parents=True)
    (tmp_path / "rnncourse.py").write_text("raise ImportError('not here')")
    kernel = {"argv": [sys.executable, *argv], "env": {"PYTHONPATH": str(tmp_path)}, "display_name": "Mine"}
    (spec / "kernel.json").write_text(json.dumps({**kernel, "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    finding = doctor.check_kernel()
    assert fault in finding.fault
    assert "ipykernel install" in finding.cure


@pytest.mark.parametrize(("command", "ok"), [(["true"], True), (["false"], False), (["no-such-bwrap"], False)])
def test_the_sandbox_is_tried_and_not_only_looked_for(monkeypatch, command, ok):
    monkeypatch.setattr(doctor, "_SANDBOX", command)
    finding = doctor.check_sandbox()
    assert finding.ok is ok
    assert "apt install bubblewrap" in finding.cure


def test_the_sandbox_is_not_said_to_protect_anybody(monkeypatch):
    monkeypatch.setattr(doctor, "_SANDBOX", ["true"])
    finding = doctor.check_sandbox()
    line = format_findings([finding], "instructor").splitlines()[0]
    assert line == "ok        bubblewrap (bwrap), not used yet: `make grade` runs students' code with your rights"
    assert not finding.needed


def test_a_gradebook_needs_a_course(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "no nbgrader_config.py" in doctor.check_gradebook().fault
    make_course(tmp_path)
    assert doctor.check_gradebook().ok


def test_a_gradebook_that_cannot_be_written_is_a_finding(tmp_path, monkeypatch):
    monkeypatch.chdir(make_course(tmp_path))
    (tmp_path / "_grading").write_text("a file is in the way")
    assert "File exists" in doctor.check_gradebook().fault


def test_chromium_is_looked_for_on_the_path_then_with_playwright(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(doctor, "_playwright_chromium", lambda: "")
    assert doctor.check_chromium().fault == "not found"
    monkeypatch.setattr(doctor, "_playwright_chromium", lambda: sys.executable)
    assert doctor.check_chromium().ok


def test_programs_are_found_beside_python(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert doctor.check_program("alembic", "").ok
    assert doctor.check_program("no-such-program", "").fault == "not found"


def test_a_command_that_never_ends_is_a_finding(monkeypatch):
    monkeypatch.setattr(doctor, "_PATIENCE", 0.1)
    fault, _ = doctor._output([sys.executable, "-c", "import time; time.sleep(9)"])
    assert "timed out" in fault


def test_here_the_author_has_all_but_perhaps_data_and_chromium():
    findings = examine("author")
    missing = {finding.name for finding in findings if not finding.ok}
    assert missing <= {"IMDB reviews", "Chromium for the tests of the site"}, format_findings(findings, "author")
