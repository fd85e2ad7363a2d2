"""Recorded training runs: a script trains what takes too long for a page, the page reads the record.

The code that runs is the page's own, the cells tagged `protocol`, and each run carries
a hash of them. So page and record cannot drift apart unseen.
"""

import hashlib
import importlib.metadata
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Run = dict[str, Any]

FIELDS = {
    "model",
    "seed",
    "params",
    "epochs",
    "train_size",
    "cpu_seconds",
    "val_accuracy",
    "test_accuracy",
    "history",
    "protocol",
    "versions",
}
LIBRARIES = ("tensorflow", "keras", "numpy")


def protocol_source(notebook: Path) -> str:
    """Return the source of the notebook's cells tagged `protocol`, in their order.

    Raises
    ------
    ValueError
        If no cell has the tag.
    """
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    tagged = ["".join(cell["source"]) for cell in cells if "protocol" in cell["metadata"].get("tags", [])]
    if not tagged:
        raise ValueError(
            f"protocol_source: {notebook} has no cell tagged `protocol`; tag the cells that define `train`"
        )
    return "\n\n".join(tagged)


def protocol_hash(source: str) -> str:
    """Return twelve hex digits that change with the source."""
    return hashlib.sha256(source.encode()).hexdigest()[:12]


def library_versions() -> dict[str, str]:
    """Return the installed version of each library that decides how a network trains."""
    return {name: importlib.metadata.version(name) for name in LIBRARIES}


def load_record(path: Path) -> list[Run]:
    """Read a record; an absent file is an empty record.

    Raises
    ------
    ValueError
        If the file is damaged or a run lacks a field. The file stays as it is.
    """
    if not path.exists():
        return []
    try:
        runs: list[Run] = json.loads(path.read_text(encoding="utf-8"))
        for run in runs:
            if missing := FIELDS - run.keys():
                raise ValueError(f"a run lacks {', '.join(sorted(missing))}")
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(
            f"load_record: {path} is not a record ({error}); restore it with git, or delete it and train anew"
        ) from error
    return runs


def add_run(path: Path, run: Run) -> None:
    """Write a run into the record, in place of an older one of its model and seed.

    The file is replaced as a whole: whoever kills the process leaves the old record or the new one.
    """
    others = [old for old in load_record(path) if (old["model"], old["seed"]) != (run["model"], run["seed"])]
    runs = sorted([*others, run], key=lambda run: (run["model"], run["seed"]))
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_text("[\n" + ",\n".join(json.dumps(run) for run in runs) + "\n]\n", encoding="utf-8")
    os.replace(unfinished, path)


def differences(run: Run, protocol: str) -> list[str]:
    """Say in which respects a run was made by something else than this protocol and these libraries.

    Versions are compared by their first two numbers.
    """
    found = [] if run["protocol"] == protocol else [f"protocol {run['protocol']}, here {protocol}"]
    for name, here in library_versions().items():
        there = run["versions"].get(name, "unknown")
        if there.split(".")[:2] != here.split(".")[:2]:
            found.append(f"{name} {there}, here {here}")
    return found


def train_missing(notebook: Path, record: Path, seeds: Iterable[int]) -> None:
    """Train what the record lacks, and record each run as soon as it is finished.

    Parameters
    ----------
    notebook : has cells tagged `protocol` that define `MODELS`, a collection of names, and
        `train(model, seed)`, which returns the fitted model and a dict with the rest of `FIELDS`
    record : JSON file, made if absent
    seeds : of the runs of each model
    """
    from tqdm import tqdm

    source = protocol_source(notebook)
    protocol = protocol_hash(source)
    finished = {(run["model"], run["seed"]) for run in load_record(record) if not differences(run, protocol)}
    page: dict[str, Any] = {"__name__": "protocol"}
    exec(compile(source, str(notebook), "exec"), page)
    missing = [(model, seed) for seed in seeds for model in page["MODELS"] if (model, seed) not in finished]
    with tqdm(missing, unit="run") as bar:
        for model, seed in bar:
            bar.set_description(f"{model}, seed {seed}")
            _, facts = page["train"](model, seed)
            stamp = {"protocol": protocol, "versions": library_versions()}
            add_run(record, {"model": model, "seed": seed, **facts, **stamp})
