"""How grade_ids make items: `03_bptt-step` is answered, `03_bptt-step-visible` and `-hidden` test it."""

import re

_PART = re.compile(r"[-_](task|visible|hidden)$")


def item_of(grade_id: str) -> str:
    """Return the item that a task cell or a test cell belongs to."""
    return _PART.sub("", grade_id)


def is_hidden_test(grade_id: str) -> bool:
    """Say whether a test cell's tests are run at grading only."""
    return grade_id.endswith(("-hidden", "_hidden"))
