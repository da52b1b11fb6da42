"""Loading a saved Keras model without running anything that the file says."""

import json
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nlref.keras.installed import import_keras

# Where Keras keeps what a model is made of. Loading can reach every function of Keras by a name in the file, and some
# of them read files or the network; these cannot.
_MODULES = (
    "activations",
    "constraints",
    "dtype_policies",
    "initializers",
    "layers",
    "models",
    "ops",
    "quantizers",
    "random",
    "regularizers",
)
_CODE = {"Lambda", "__lambda__", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"}
_FUNCTIONS = ("activation", "recurrent_activation")
_LAYER_KEYS = ("", "layers", "layer", "cell", "cells")
_IN_PYTHON = "; nlref.keras.trace compares such a model in Python"


def check_model_file(path: str | Path) -> None:
    """Read what a ``.keras`` or ``.h5`` file is made of, without Keras for the former.

    Raises
    ------
    ValueError
        There is no such file; it is broken or holds no model; it holds a Lambda layer, a custom layer or a custom
        function, which are named.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder: give a .keras or .h5 file, which model.save writes")
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    readers = {".keras": _keras_config, ".h5": _h5_config, ".hdf5": _h5_config}
    suffix = path.suffix.lower()
    if suffix not in readers:
        raise ValueError(f"{path}: a Keras model is a file whose name ends in .keras or .h5")
    reasons = list(dict.fromkeys(_refused(readers[suffix](path), "the model", new=suffix == ".keras")))
    if reasons:
        raise ValueError(f"{path} is not loaded: {', and '.join(reasons)}{_IN_PYTHON}")


def load_model(path: str | Path) -> Any:
    """The model in a ``.keras`` or ``.h5`` file, for inference.

    What the file is made of is read before Keras sees it. It is loaded only if every part of it is Keras' own and none
    holds code, and then with Keras' ``safe_mode``; the optimizer, loss and metrics are left in the file.

    Raises
    ------
    ValueError
        As `check_model_file`; Keras cannot load it.
    """
    check_model_file(path)
    keras = import_keras()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the reason for a failure is raised
            return keras.saving.load_model(str(path), compile=False, safe_mode=True)
    except Exception as error:  # a broken file makes Keras, h5py and json raise almost anything
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = " ".join(lines[:2]) if lines else type(error).__name__
        raise ValueError(f"{path}: Keras cannot load it: {reason[:400]}") from error


def _keras_config(path: Path) -> Any:
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path} is not a Keras model: a .keras file is a zip archive, and this is none")
    try:
        with zipfile.ZipFile(path) as archive:
            size = archive.getinfo("config.json").file_size
            if size > _MOST_CONFIG:
                raise ValueError(f"{path} is not a Keras model: its config.json has {size} bytes")
            text = archive.read("config.json")
            damaged = archive.testzip()  # Python 3.12 and later do not, where h5py seeks in the weights
    except KeyError:
        raise ValueError(f"{path} is not a Keras model: there is no config.json in it") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        raise ValueError(f"{path} is a broken archive: {error}") from error
    if damaged is not None:
        raise ValueError(f"{path} is a broken archive: {damaged} is not what was saved; copy the file again")
    return _parsed(path, "config.json", text)


_MOST_CONFIG = 1 << 28


def _h5_config(path: Path) -> Any:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            text = file.attrs.get("model_config")
            keys = list(file)
    except OSError as error:
        raise ValueError(
            f"{path} is not a Keras model: it is no HDF5 file, or a broken one ({error})"
        ) from error
    if text is None:
        weights = "layer_names" in keys or "layers" in keys or "_layer_checkpoint_dependencies" in keys
        reason = "it holds weights alone" if weights else "there is no model_config in it"
        raise ValueError(f"{path} is not a Keras model: {reason}; model.save writes the whole model")
    return _parsed(path, "model_config", text)


def _parsed(path: Path, name: str, text: str | bytes) -> Any:
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not a Keras model: its {name} is no JSON ({error})") from error
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
        raise ValueError(f"{path} is not a Keras model: its {name} describes none")
    return config


def _refused(node: Any, owner: str, *, new: bool, key: str = "") -> Iterator[str]:
    """Why the parts of a configuration cannot be loaded, a part of a sentence each."""
    if isinstance(node, list):
        for entry in node:
            yield from _refused(entry, owner, new=new, key=key)
        return
    if not isinstance(node, Mapping):
        if not new and key in _FUNCTIONS and isinstance(node, str) and not _is_activation(node):
            yield f"{owner} has the custom function {node}"
        return
    kind, inner = node.get("class_name"), node.get("config")
    if isinstance(kind, str):
        name = inner.get("name") if isinstance(inner, Mapping) else None
        owner = f"the layer {name}" if isinstance(name, str) and key != "dtype" else owner
        module = node.get("module")
        if kind in _CODE:
            yield f"{owner} is a {kind}, which holds code"
            return
        if kind == "function" and not _own(module):
            yield f"{owner} has the custom function {inner}"
            return
        custom = node.get("registered_name") if new else key in _LAYER_KEYS and not _is_layer(kind)
        if not kind.startswith("__") and not (_own(module) if module is not None else not custom):
            yield f"{owner} is a custom {kind}{'' if module is None else f' of {module}'}"
            return
    for part, value in node.items():
        if part not in ("compile_config", "build_config", "training_config"):
            yield from _refused(value, owner, new=new, key=owner_key(part, key))


def owner_key(part: str, key: str) -> str:
    """The key under which a value stands: that of the object where the value is its configuration."""
    return key if part == "config" else part


def _own(module: Any) -> bool:
    parts = str(module).split(".")
    if parts[0] != "keras":
        return False
    inner = parts[2:] if parts[1:2] == ["src"] else parts[1:]
    return not inner or inner[0] in _MODULES or inner == ["backend", "common", "keras_tensor"]


def _is_activation(name: str) -> bool:
    return hasattr(import_keras().activations, name) or name in ("hard_swish", "swish")


def _is_layer(name: str) -> bool:
    keras = import_keras()
    # Operations of a functional graph stand among its layers.
    return hasattr(keras.layers, name) or name in ("Functional", "Sequential", "Model") or _is_operation(name)


def _is_operation(name: str) -> bool:
    from keras.src import ops

    return any(
        hasattr(getattr(ops, part, None), name) for part in ("core", "image", "linalg", "math", "nn", "numpy")
    )
