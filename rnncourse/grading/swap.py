"""Put one folder in the place of another in a single step of the file system."""

import ctypes
import os
import shutil
import sys
from pathlib import Path

_AT_FDCWD = {"linux": -100, "darwin": -2}
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux and RENAME_SWAP of macOS


def replace_folder(old: Path, new: Path) -> None:
    """Move `new` to the place of `old` and delete what was there.

    Where the system can exchange two names at once, no kill at any moment leaves
    `old` absent or half replaced. Elsewhere it is absent between two renames.
    """
    if not old.exists():
        new.rename(old)
    elif _exchange(old, new):
        shutil.rmtree(new)
    else:
        aside = new.with_name(new.name + "-old")
        old.rename(aside)
        new.rename(old)
        shutil.rmtree(aside)


def _exchange(first: Path, second: Path) -> bool:
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform in _AT_FDCWD else None
    rename = getattr(libc, "renameat2", None) or getattr(libc, "renameatx_np", None)
    if rename is None:
        return False
    here = _AT_FDCWD[sys.platform]
    return bool(rename(here, os.fsencode(first), here, os.fsencode(second), _EXCHANGE) == 0)
