"""Keras' own layers as the oracle of ours."""

from typing import Any

import numpy as np

from rnncourse.keras_bridge import import_tensorflow


def keras_run(
    twin: Any, x: np.ndarray, dy: np.ndarray, state: list | None, mask: np.ndarray | None
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the twin's output, and the gradients of sum(dy * output) by input and weights."""
    tf = import_tensorflow()
    inputs = tf.constant(x)
    options = {} if state is None else {"initial_state": [tf.constant(part) for part in state]}
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = twin(inputs, mask=None if mask is None else tf.constant(mask), **options)
        loss = tf.reduce_sum(outputs * dy)
    gradients = tape.gradient(loss, [inputs, *twin.trainable_variables])
    return outputs.numpy(), [gradient.numpy() for gradient in gradients]
