import subprocess
import sys

import pytest


def run(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_part_imports_neither_keras_nor_tensorflow():
    loaded = run(
        "import sys, nlref.keras, nlref.keras.model_trace, nlref.keras.training, nlref.keras.numpy_in_keras, "
        "nlref.keras.function_comparison, nlref.keras.model_file\nprint(*sys.modules)"
    ).split()
    assert "nlref.keras.model_trace" in loaded
    assert not {"keras", "tensorflow"} & set(loaded)


@pytest.mark.parametrize(
    "call", ["trace(None)", "compare(abs, 'relu')", "as_keras(abs)", "fit_both(None, [1], [1])"]
)
def test_without_keras_one_sentence_says_what_to_install(call):
    said = run(
        "import sys; sys.modules['keras'] = None\nfrom nlref.keras import *\n"
        f"try:\n    {call}\nexcept ImportError as error:\n    print(error)"
    )
    assert said.startswith("comparing with Keras needs Keras and TensorFlow: pip install 'nlref[keras]'")
    assert said.count("\n") == 1


def test_without_keras_the_command_says_so_in_one_sentence(tmp_path):
    import json
    import zipfile

    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps({"class_name": "Sequential", "config": {}}))
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; sys.modules['keras'] = None; from nlref.cli import main; main()",
            "compare",
            str(path),
        ],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("nlref: comparing with Keras needs Keras and TensorFlow")
    assert done.stderr.count("\n") == 1
