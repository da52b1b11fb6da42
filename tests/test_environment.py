"""environment.yml, as far as it can be checked without conda.

Not checked here: that conda-forge has these packages, and that conda can solve for them.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from rattler import MatchSpec

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def environment():
    return yaml.safe_load((ROOT / "environment.yml").read_text())


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def conda_lines(environment):
    return [line for line in environment["dependencies"] if isinstance(line, str)]


def pip_lines(environment):
    (section,) = [line for line in environment["dependencies"] if isinstance(line, dict)]
    assert section.keys() == {"pip"}
    return section["pip"]


def test_has_the_keys_conda_knows_and_no_other(environment):
    assert environment.keys() == {"name", "channels", "dependencies"}
    assert environment["name"] == "nlref"


def test_names_conda_forge_and_keeps_the_defaults_channel_out(environment):
    assert environment["channels"] == ["conda-forge", "nodefaults"]


def test_lists_pip_beside_its_pip_section(environment):
    assert "pip" in conda_lines(environment)
    assert pip_lines(environment)


def test_every_conda_line_is_in_condas_grammar(environment):
    specs = [MatchSpec(line, strict=True) for line in conda_lines(environment)]
    assert {spec.name.normalized for spec in specs} == {"python", "pip"}


@pytest.mark.parametrize("line", ["numpy>>2", "python >=3.11,,<3.14"])
def test_the_grammar_refuses_slips(line):
    with pytest.raises(Exception, match=r"(?i)invalid|unable|expected|empty"):
        MatchSpec(line, strict=True)


def test_python_has_the_range_of_the_package(environment, project):
    (line,) = [line for line in conda_lines(environment) if line.split()[0] == "python"]
    assert SpecifierSet(line.removeprefix("python")) == SpecifierSet(project["requires-python"])


def test_pip_lines_are_options_with_files_that_exist_or_valid_requirements(environment, project):
    for line in pip_lines(environment):
        option, _, value = line.partition(" ")
        if option == "--constraint":
            assert (ROOT / value).is_file()
        elif option == "--editable":
            # pip writes `.[extras]` for the project here: the same extras must exist under its name
            assert value.startswith(".[")
            here = Requirement(project["name"] + value.removeprefix("."))
            assert here.extras <= project["optional-dependencies"].keys()
        else:
            Requirement(line)
            pytest.fail(f"{line!r}: what nlref needs is said in pyproject.toml alone")


def test_pip_section_asks_for_what_make_setup_installs(environment):
    """One set-up, by two ways: the same extras at the same versions."""
    script = (ROOT / "tools" / "setup.py").read_text()
    (editable,) = [line.split()[1] for line in pip_lines(environment) if line.startswith("--editable")]
    assert f'REQUIREMENT = "{editable}"' in script
    assert "--constraint constraints.txt" in pip_lines(environment)


def constraints():
    return [Requirement(line) for line in (ROOT / "constraints.txt").read_text().splitlines()]


def test_constraints_pin_every_direct_requirement_within_its_bounds(project):
    wanted = [Requirement(text) for text in project["dependencies"]]
    for extra in ("keras", "test"):
        wanted += [Requirement(text) for text in project["optional-dependencies"][extra]]
    pins = {}
    for pin in constraints():
        (specifier,) = pin.specifier
        assert specifier.operator == "==", pin
        assert pin.url is None, pin
        pins.setdefault(pin.name.lower().replace("_", "-"), []).append(specifier.version)
    for requirement in wanted:
        versions = pins.get(requirement.name.lower().replace("_", "-"))
        assert versions, f"constraints.txt does not pin {requirement.name}; run `make lock`"
        assert all(requirement.specifier.contains(version) for version in versions), requirement


def test_constraints_name_no_index():
    text = (ROOT / "constraints.txt").read_text()
    assert "://" not in text
    assert not any(line.startswith("-") for line in text.splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize(
    "platform", ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "aarch64-apple-darwin"]
)
def test_pip_section_resolves(tmp_path, version, platform):
    """The pip lines, resolved for real, for every Python and system that the README names."""
    (tmp_path / "constraints.txt").write_text((ROOT / "constraints.txt").read_text())
    uv = Path(sys.executable).with_name("uv")
    command = [uv, "pip", "compile", "--quiet", "--python-version", version, "--python-platform", platform]
    command += ["--only-binary", "tensorflow,tensorflow-cpu,numpy", "--constraint", "constraints.txt"]
    extras = [f"--extra={extra}" for extra in ("keras", "test")]
    resolved = subprocess.run(
        [*command, *extras, ROOT / "pyproject.toml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert resolved.returncode == 0, resolved.stderr
    pinned = {(pin.name, str(pin.specifier)) for pin in constraints()}
    names = [Requirement(line) for line in resolved.stdout.splitlines() if line and line.lstrip()[0] != "#"]
    assert len(names) > 100
    assert {(pin.name, str(pin.specifier)) for pin in names} <= pinned
