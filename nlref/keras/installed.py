"""Keras itself, imported when it is first needed."""

import functools
import warnings
from types import ModuleType


@functools.cache
def import_keras() -> ModuleType:
    """The package ``keras``.

    Raises
    ------
    ImportError
        Keras or its backend is not installed or does not start.
    """
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # what TensorFlow and its dependencies deprecate is not the caller's to mend
        try:
            import keras
        except ImportError as error:
            raise ImportError(
                f"comparing with Keras needs Keras and TensorFlow: pip install 'nlref[keras]' ({error})"
            ) from error
    return keras


def import_tensorflow(purpose: str) -> ModuleType:
    """The package ``tensorflow``, if it is what Keras computes with.

    Raises
    ------
    ImportError
        As `import_keras`.
    ValueError
        Keras uses another backend, with which ``purpose`` cannot be done.
    """
    backend = import_keras().backend.backend()
    if backend != "tensorflow":
        raise ValueError(
            f"{purpose} needs Keras on TensorFlow, and it runs on {backend}: set KERAS_BACKEND=tensorflow before keras "
            "is imported"
        )
    import tensorflow

    return tensorflow
