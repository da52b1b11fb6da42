import json
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import nlref.cli

NLREF = Path(sys.executable).with_name("nlref")

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)  # of Keras, when it saves


@pytest.fixture(scope="module")
def keras():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what TensorFlow and its dependencies deprecate is not ours to mend
        return pytest.importorskip("keras", reason="Keras is not installed (extra: keras)")


@pytest.fixture
def model(keras, tmp_path):
    keras.utils.set_random_seed(0)
    layers = [
        keras.Input((3,), name="numbers"),
        keras.layers.Dense(5, "tanh", name="hidden"),
        keras.layers.Dense(1),
    ]
    path = tmp_path / "model.keras"
    keras.Sequential(layers, name="small").save(path)
    return path


@pytest.fixture
def nlref_compare(monkeypatch, capfd):
    """``nlref_compare(*arguments)``: exit code, standard output and standard error of the command, in this process."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["nlref", "compare", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "140")
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            nlref.cli.main()
        said = capfd.readouterr()
        return ended.value.code, said.out, said.err

    return run


def test_a_table_and_a_sentence(nlref_compare, model):
    code, out, err = nlref_compare(model)
    assert (code, err) == (0, "")
    assert re.search(r"hidden +Dense +\(None, 5\) +\S+ +\d\.\d\de-0\d", out)
    assert out.endswith("2 of 2 layers of small compared on 8 random samples: all within tolerance\n")


def test_exit_code_1_above_the_tolerance(nlref_compare, model):
    code, out, _ = nlref_compare(model, "--tolerance", "0")
    assert code == 1
    assert "hidden: above its tolerance of 0: at [" in out
    assert nlref_compare(model, "--tolerance", "1e-3")[0] == 0


def test_json_is_for_programs(nlref_compare, model, tmp_path):
    np.savez(tmp_path / "x.npz", numbers=np.ones((5, 3)))
    code, out, err = nlref_compare(model, "--data", tmp_path / "x.npz", "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert (found["schema"], found["model"], found["samples"], found["random"]) == (1, "small", 5, False)
    assert [layer["name"] for layer in found["layers"]] == ["hidden", found["layers"][1]["name"]]
    assert found["layers"][0]["own"]["relative"] < 1e-6


def test_the_picture_is_written(nlref_compare, model, tmp_path):
    code, _, _ = nlref_compare(model, "--picture", tmp_path / "differences.png")
    assert code == 0
    assert (tmp_path / "differences.png").read_bytes()[:4] == b"\x89PNG"


def test_what_is_wrong_is_one_sentence_and_exit_code_2(nlref_compare, model, tmp_path, keras):
    np.savez(tmp_path / "wide.npz", numbers=np.ones((5, 4)))
    np.savez(tmp_path / "words.npz", numbers=np.array([["a", "b", "c"]]))
    (tmp_path / "text.keras").write_text("hello")
    keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x, name="same")]).save(
        tmp_path / "code.keras"
    )
    for arguments, sentence in [
        ([tmp_path / "nothing.keras"], "there is no file"),
        ([tmp_path / "text.keras"], "is not a Keras model"),
        ([tmp_path / "code.keras"], "is not loaded: the layer same is a Lambda, which holds code"),
        ([model, "--data", tmp_path / "nothing.npz"], "there is no file"),
        ([model, "--data", model], "holds metadata.json"),
        ([model, "--data", tmp_path / "wide.npz"], "have the shape (5, 4), and the model takes (any, 3)"),
        ([model, "--data", tmp_path / "words.npz"], "must be real numbers, not <U1"),
        ([model, "--picture", tmp_path / "a.txt"], "the picture's name must end in .png, .svg or .pdf"),
        ([model, "--picture", tmp_path / "no" / "a.png"], "there is no folder"),
    ]:
        code, out, err = nlref_compare(*arguments)
        assert (code, out) == (2, ""), arguments
        assert err.startswith("nlref: ")
        assert err.count("\n") == 1
        assert sentence in err or "cannot be read as arrays" in err


def test_the_tolerance_must_be_a_number_from_0_on(nlref_compare, model):
    for wrong in ("-1", "small"):
        assert nlref_compare(model, "--tolerance", wrong)[0] == 2


@pytest.mark.slow
def test_as_a_command_it_prints_nothing_of_tensorflow(model):
    done = subprocess.run(
        [NLREF, "compare", str(model)], capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "all within tolerance" in done.stdout


def test_a_missing_file_is_said_before_keras_starts(tmp_path):
    program = (
        "import sys; sys.argv = ['nlref', 'compare', 'nothing.keras']\nfrom nlref.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    print(end.code, 'keras' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "2 False\n"
    assert done.stderr == "nlref: there is no file nothing.keras\n"
