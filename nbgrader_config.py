"""nbgrader's settings, for `rnncourse release` and `rnncourse grade` as well as for nbgrader's own commands.

Submissions lie in `_grading/submitted/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb`.
"""

from pathlib import Path

from rnncourse.grading import put_scripts_first
from rnncourse.grading.course import CELL_TIMEOUT
from rnncourse.grading.preprocessors import release_preprocessors

c = get_config()  # noqa: F821

# Formgrader opens the gradebook with this file alone, perhaps before anything was graded.
put_scripts_first()
root = Path(__file__).resolve().parent
(root / "_grading").mkdir(exist_ok=True)

c.CourseDirectory.root = str(root)
c.CourseDirectory.course_id = "rnncourse"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.submitted_directory = "_grading/submitted"
c.CourseDirectory.autograded_directory = "_grading/autograded"
c.CourseDirectory.feedback_directory = "_grading/feedback"
# Without a timeout, formgrader beside a grading run ends in "database is locked".
c.CourseDirectory.db_url = f"sqlite:///{root / '_grading' / 'gradebook.db'}?timeout=60"

c.GenerateAssignment.preprocessors = release_preprocessors()

c.Execute.timeout = CELL_TIMEOUT
c.Execute.shutdown_kernel = "immediate"
