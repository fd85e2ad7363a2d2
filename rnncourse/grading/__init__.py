"""Exercises on their way: released from solutions, checked by the student, graded."""


class CourseError(Exception):
    """A mistake that the person at the keyboard can mend; its text says how."""
