"""What a table of wrong and alternative answers is made of."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """A wrong answer that people really give.

    Attributes
    ----------
    name : the mistake
    answer : source that stands in place of the solution cell
    loses : from grade_id to the points lost there; every other test cell gives full points
    message : regular expression found in the message of the first test cell that fails
    """

    name: str
    answer: str
    loses: dict[str, float]
    message: str


@dataclass(frozen=True)
class Alternative:
    """A right answer that looks different from the reference; it gets full marks.

    Attributes
    ----------
    name : what is different
    answer : source that stands in place of the solution cell
    """

    name: str
    answer: str


@dataclass(frozen=True)
class Item:
    """One autograded item and the answers its tests must tell apart.

    Attributes
    ----------
    grade_id : of the solution cell
    mutants, alternatives : wrong and right answers
    """

    grade_id: str
    mutants: tuple[Mutant, ...]
    alternatives: tuple[Alternative, ...]
