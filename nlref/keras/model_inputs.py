"""What a Keras model is called with: the arrays of a user, in its order and shapes, or random ones."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nlref.keras.conversion import numpy_dtype
from nlref.keras.installed import import_keras

SAMPLES = 8
"""Random samples where no data are given."""

STEPS = 16
"""The length of an axis, other than the batch, that the model leaves open, in random data."""


def graph_of(model: Any) -> Any:
    """The graph of a model's layers: a Sequential model keeps it in itself."""
    keras = import_keras()
    if isinstance(model, keras.Sequential):
        return model._functional
    return model


def input_names(model: Any) -> list[str]:
    """The names of a model's inputs, in its order: the keys where it takes a dictionary."""
    graph = graph_of(model)
    if isinstance(graph.input, Mapping):
        return sorted(graph.input)
    return [tensor.name for tensor in graph.inputs]


def arrays_for(model: Any, x: Any) -> list[np.ndarray]:
    """``x`` as one array for each of the model's inputs, in its order, of shapes that it takes.

    ``x`` is an array, a list or tuple of arrays in the order of the inputs, or a dict by their names.

    Raises
    ------
    TypeError, ValueError
        A number, name, shape or dtype of the arrays is not what the model takes; there is no sample.
    """
    names = input_names(model)
    if isinstance(x, Mapping):
        missing, unknown = set(names) - set(x), set(x) - set(names)
        if missing or unknown:
            raise ValueError(
                f"the model {model.name} has the inputs {', '.join(names)}, and the data hold {', '.join(map(str, x))}"
            )
        given = [x[name] for name in names]
    elif len(names) > 1:
        if not isinstance(x, list | tuple) or len(x) != len(names):
            count = f"{len(x)} arrays" if isinstance(x, list | tuple) else f"one {type(x).__name__}"
            raise ValueError(
                f"the model {model.name} has {len(names)} inputs, {', '.join(names)}: give a list of {len(names)} "
                f"arrays, not {count}"
            )
        given = list(x)
    else:
        wrapped = isinstance(x, list | tuple) and len(x) == 1 and np.ndim(x[0]) == len(model.inputs[0].shape)
        given = [x[0] if wrapped else x]
    arrays = [
        _fitting(name, array, tensor) for name, array, tensor in zip(names, given, model.inputs, strict=True)
    ]
    counts = {len(array) for array in arrays}
    if len(counts) > 1:
        raise ValueError(
            f"the inputs have {' and '.join(map(str, sorted(counts)))} samples, not equally many"
        )
    if counts == {0}:
        raise ValueError(f"the data for {', '.join(names)} hold no sample")
    return arrays


def _fitting(name: str, array: Any, tensor: Any) -> np.ndarray:
    try:
        array = np.asarray(array)
    except ValueError as error:
        raise ValueError(f"the data for {name} are no array: {error}") from None
    text = tensor.dtype == "string"
    if not (
        array.dtype.kind in "US" if text else array.dtype.kind in "biuf" or array.dtype.name == "bfloat16"
    ):
        raise TypeError(
            f"the data for {name} must be {'text' if text else 'real numbers'}, not {array.dtype}"
        )
    shape = tuple(tensor.shape)
    # As Keras: a last axis of length 1 may be left out or too many.
    if array.ndim == len(shape) - 1 and shape[-1] == 1:
        array = array[..., None]
    elif array.ndim == len(shape) + 1 and array.shape[-1] == 1:
        array = array[..., 0]
    fits = array.ndim == len(shape) and all(
        length in (None, given) for length, given in zip(shape, array.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if length is None else str(length) for length in shape)
        raise ValueError(f"the data for {name} have the shape {array.shape}, and the model takes ({wanted})")
    return array if text else array.astype(numpy_dtype(tensor.dtype))


def random_inputs(model: Any, samples: int = SAMPLES, seed: int = 0) -> list[np.ndarray]:
    """Arrays for the model's inputs: standard normal numbers, and whole numbers where an Embedding looks them up.

    Where the Embedding masks zeros, each sequence ends in some.

    Raises
    ------
    ValueError
        An input is neither numbers nor looked up in an Embedding: what it means cannot be guessed.
    """
    generator = np.random.default_rng(seed)
    embeddings = _embeddings(graph_of(model))
    arrays = []
    for tensor, name in zip(model.inputs, input_names(model), strict=True):
        shape = (samples, *(STEPS if length is None else length for length in tensor.shape[1:]))
        if id(tensor) in embeddings:
            sizes, masked = zip(*embeddings[id(tensor)], strict=True)
            array = generator.integers(min(1, min(sizes) - 1), min(sizes), size=shape)
            if any(masked) and len(shape) == 2:
                lengths = generator.integers(1, shape[1] + 1, size=(samples, 1))
                array = np.where(np.arange(shape[1]) < lengths, array, 0)
        elif "float" in tensor.dtype:
            array = generator.normal(size=shape)
        else:
            raise ValueError(
                f"the input {name} takes {tensor.dtype}, and what these mean cannot be guessed: give data"
            )
        arrays.append(array.astype(numpy_dtype(tensor.dtype)))
    return arrays


def _embeddings(graph: Any) -> dict[int, list[tuple[int, bool]]]:
    """For the id of each input that goes into an Embedding: the size of its table and whether it masks zeros."""
    keras = import_keras()
    found: dict[int, list[tuple[int, bool]]] = {}
    for operation in graph.operations:
        for node in operation._inbound_nodes:
            if isinstance(operation, keras.layers.Embedding):
                looked_up = {id(node.input_tensors[0]): [(operation.input_dim, operation.mask_zero)]}
            elif isinstance(operation, keras.Model) and node.input_tensors:
                inner = _embeddings(graph_of(operation))
                looked_up = {
                    id(outer): inner[id(tensor)]
                    for outer, tensor in zip(node.input_tensors, graph_of(operation).inputs, strict=True)
                    if id(tensor) in inner
                }
            else:
                continue
            for tensor, tables in looked_up.items():
                found.setdefault(tensor, []).extend(tables)
    return found


def read_data(path: Path, model: Any) -> Any:
    """The arrays of an ``.npz`` or ``.npy`` file, as `arrays_for` takes them.

    In an ``.npz`` the arrays have the names of the model's inputs, or there is one for each input, in their order; for
    one input, "x" is taken where there are others.

    Raises
    ------
    ValueError
        There is no such file, it is none of NumPy's, or its arrays are not those that the model needs.
    """
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return loaded
            with loaded:
                arrays = {name: loaded[name] for name in loaded.files}
    except Exception as error:  # numpy.load raises what zipfile, zlib, struct and its own parser do
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"{path} cannot be read as arrays of NumPy: {reason}") from error
    names = input_names(model)
    if set(names) <= set(arrays):
        return {name: arrays[name] for name in names}
    if len(names) == 1 and "x" in arrays:
        return arrays["x"]
    if len(arrays) == len(names):
        return arrays[next(iter(arrays))] if len(names) == 1 else list(arrays.values())
    raise ValueError(
        f"{path} holds {', '.join(arrays) or 'nothing'}, and the model {model.name} has the inputs {', '.join(names)}: "
        "name the arrays so"
    )


def batches(arrays: Sequence[np.ndarray], size: int) -> Iterator[tuple[int, list[np.ndarray]]]:
    """The first sample of each batch, and the batch."""
    for start in range(0, len(arrays[0]), size):
        yield start, [array[start : start + size] for array in arrays]
