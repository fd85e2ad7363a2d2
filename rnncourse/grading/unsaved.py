"""Find the files that only `exercises/` holds, so that a release does not destroy them.

A file may be replaced if it equals the new release, something that an earlier
release on this machine wrote, or what git's HEAD has at its place. Without git the
first two remain. The record of what was written lies where git ignores it.
"""

import hashlib
import subprocess
from collections.abc import Iterable
from pathlib import Path


def unsaved_files(exercises: Path, fresh: Path, record: Path) -> list[str]:
    """Name each file below `exercises` that replacing it by `fresh` would destroy.

    Parameters
    ----------
    exercises : folder to be replaced; need not exist
    fresh : folder that is to come in its place
    record : file with the hashes of all that was released before; need not exist
    """
    released = _recorded(record)
    suspects = [
        name
        for name in list_files(exercises)
        if not _same_bytes(exercises / name, fresh / name) and _hash(exercises / name) not in released
    ]
    held = _held_by_git(exercises) if suspects else set()
    return [name for name in suspects if name not in held]


def record_release(folders: Iterable[Path], record: Path) -> None:
    """Add the hashes of the files in freshly released folders to the record."""
    hashes = _recorded(record) | {_hash(folder / name) for folder in folders for name in list_files(folder)}
    record.parent.mkdir(exist_ok=True)
    record.write_text("\n".join(sorted(hashes)) + "\n", encoding="utf-8")


def list_files(folder: Path) -> list[str]:
    """Return the names of the files below a folder, without Jupyter's checkpoints."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(str(path) for path in paths if ".ipynb_checkpoints" not in path.parts)


def _recorded(record: Path) -> set[str]:
    return set(record.read_text(encoding="utf-8").split()) if record.is_file() else set()


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _same_bytes(first: Path, second: Path) -> bool:
    return second.is_file() and first.read_bytes() == second.read_bytes()


def _held_by_git(folder: Path) -> set[str]:
    """Return the files whose content is that of HEAD; none where there is no git."""
    tracked = _git(folder, "ls-tree", "-r", "-z", "--name-only", "HEAD", ".")
    changed = _git(folder, "diff", "-z", "--name-only", "--relative", "HEAD", "--", ".")
    return set() if tracked is None or changed is None else tracked - changed


def _git(folder: Path, *arguments: str) -> set[str] | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return {str(Path(name)) for name in done.stdout.split("\0") if name} if done.returncode == 0 else None
