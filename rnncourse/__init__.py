"""Recurrent layers in NumPy, and the tools of the course around them.

`import rnncourse` costs NumPy and nothing else: matplotlib, TensorFlow and
nbgrader load where they are used.
"""

from rnncourse.layers import Dense, SimpleRNN

__all__ = ["Dense", "SimpleRNN"]
__version__ = "0.1.0"
