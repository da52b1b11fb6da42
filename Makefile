# `make` alone lists the targets. PYTHON=python3.12 chooses the Python of the environment.

VENV := .venv/bin

.PHONY: help setup lab test test-all build grade bench lock lint clean

help:
	@echo 'make lab        open the course in JupyterLab (your files are in work/)'
	@echo 'make test       the quick tests, within ten minutes'
	@echo 'make test-all   every test, the browser ones included'
	@echo 'make grade      grade a sample class under build/ and print it as a table'
	@echo 'make build      make exercises/ and solutions/ from course/'
	@echo 'make bench      print the numbers: accuracy, speed, grading'
	@echo 'make setup      make or mend .venv; every target above does this first'
	@echo 'make lint       what the style checker says'
	@echo 'make lock       choose newer versions for constraints.txt'
	@echo 'make clean      remove .venv, build/ and caches, never work/'
	@echo
	@echo 'PYTHON=python3.12 after any of these chooses the Python (3.11, 3.12 or 3.13).'

# Any Python from 3.8 on can run the set-up script, which then finds or asks for the right one.
setup:
	@for python in $(PYTHON) python3 python3.13 python3.12 python3.11 python; do \
	    if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null; then \
	        exec "$$python" tools/setup.py $(if $(PYTHON),--python '$(PYTHON)'); \
	    fi; \
	done; \
	echo 'make setup: nlref needs Python 3.11, 3.12 or 3.13, and none was found; install one and run this again.' >&2; exit 2

lab: setup
	@exec $(VENV)/nlref lab

# each file in one of up to four processes
PARALLEL := -n auto --maxprocesses 4 --dist loadfile

test: setup
	$(VENV)/python -m pytest -m 'not slow' $(PARALLEL)

# what drives browsers and sandboxes, with time limits of its own, has the machine to itself
test-all: setup
	@status=0; \
	$(VENV)/python -m pytest -m 'not browser and not sandbox' $(PARALLEL) || status=1; \
	$(VENV)/python -m pytest -m 'browser or sandbox' || status=1; \
	exit $$status

build: setup
	$(VENV)/nlref build

# a course directory with a sample class, made anew under build/; look at it with: nlref lab --directory build/class
grade: setup
	rm -rf build/class
	$(VENV)/nlref init build/class
	$(VENV)/python tests/grading/sample_class/build.py build/class
	$(VENV)/nlref grade build/class 01_first_activations

bench: setup
	@set -e; for program in benchmarks/*.py; do echo "== $$program"; $(VENV)/python "$$program"; done

lint: setup
	$(VENV)/ruff check
	$(VENV)/ruff format --check

lock: setup
	$(VENV)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --no-header --no-annotate --no-emit-index-url \
	    --no-emit-find-links --extra keras --extra test --output-file constraints.txt pyproject.toml

clean:
	rm -rf .venv build dist .pytest_cache .ruff_cache .hypothesis
	find nlref course tests benchmarks tools -name __pycache__ -prune -exec rm -rf {} +
