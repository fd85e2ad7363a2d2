"""Recurrent layers in NumPy, and the tools of the course around them.

`import rnncourse` costs NumPy and nothing else: matplotlib, TensorFlow and
nbgrader load where they are used.
"""

from rnncourse.layers import GRU, LSTM, Bidirectional, Dense, Embedding, Sequential, SimpleRNN

__all__ = ["GRU", "LSTM", "Bidirectional", "Dense", "Embedding", "Sequential", "SimpleRNN"]
__version__ = "0.1.0"
