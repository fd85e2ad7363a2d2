"""Release, check and grade: the road from a solution notebook to a grade."""
