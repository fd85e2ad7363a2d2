"""Every command and file that README.md and CONTRIBUTING.md name exists."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDES = ["README.md", "CONTRIBUTING.md"]


def text(guide: str) -> str:
    return (ROOT / guide).read_text(encoding="utf-8")


def commands(guide: str, program: str) -> list[str]:
    """Return the distinct words that follow a program's name in code."""
    code = re.findall(r"```bash\n(.*?)```|`([^`\n]+)`", text(guide), re.DOTALL)
    return sorted(set(re.findall(rf"^{program} ([a-z]+)", "\n".join("\n".join(pair) for pair in code), re.MULTILINE)))


@pytest.mark.parametrize("guide", GUIDES)
def test_make_targets_exist(guide):
    targets = commands(guide, "make")
    assert targets
    for target in targets:
        subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True)


def test_rnncourse_commands_exist():
    names = commands("README.md", "rnncourse")
    assert {"check", "doctor"} <= set(names)
    for name in names:
        subprocess.run([sys.executable, "-m", "rnncourse.cli", name, "--help"], check=True, capture_output=True)


@pytest.mark.parametrize("guide", GUIDES)
def test_files_and_folders_exist(guide):
    named = re.findall(r"`([\w.-]+/[\w./-]*|[\w-]+\.(?:md|toml|txt|yml|cff))`|\]\((?!http)([^)]+)\)", text(guide))
    paths = {a or b for a, b in named if not (a or b).startswith(("_grading/", "NN", "~"))}
    ours = {path for path in paths if "NN_topic" not in path and not path.startswith(".venv")}
    missing = {path for path in ours if not any((ROOT / folder / path).exists() for folder in ("", "exercises"))}
    assert ours
    assert not missing
