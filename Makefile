# Each target sets up .venv by itself. `make help` lists the targets.
PYTHON ?= python3
OPEN ?= 1
PORT ?= 8000
BIN := .venv/bin
READY := .venv/ready
NOTEBOOKS := $(wildcard book/*.ipynb solutions/*/*.ipynb)
SITE := _build/html

# Tools of .venv come first: nbgrader calls alembic by name.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONDONTWRITEBYTECODE = 1

.PHONY: help book test lab release grade formgrader data execute requirements
.DEFAULT_GOAL := help

help:
	@echo "make book                      build the book and serve it (OPEN=0: build only)"
	@echo "make lab                       open JupyterLab in exercises/"
	@echo "make test                      run everything that CI runs"
	@echo "make release                   regenerate exercises/ from solutions/"
	@echo "make grade ASSIGNMENT=NN_topic grade what students handed in"
	@echo "make formgrader                read and mark answers by hand"
	@echo "make data                      find the movie reviews, or download them"
	@echo "make execute                   run the notebooks again and store their outputs"
	@echo "make requirements              resolve requirements.txt anew"

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and \
	"rnncourse needs Python 3.11 or newer; $(PYTHON) is %d.%d. Install a newer one and run make PYTHON=python3.x" % v[:2])'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

book: $(READY)
	rm -rf $(SITE)
	jupyter-book build . --all -W -n --keep-going --quiet
ifneq ($(OPEN),0)
	@echo "Open http://localhost:$(PORT)/book/index.html (Ctrl-C stops the server)"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory $(SITE) >/dev/null
endif

test: $(READY)
	ruff check .
	ruff format --check .
	mypy
	python -m tests.chromium
	$(MAKE) book OPEN=0
	RNNCOURSE_SITE=$(CURDIR)/$(SITE) python -m pytest -p tests.needs -n 2 --dist loadfile \
	  --nbval --nbval-current-env --nbval-cell-timeout=120 book solutions exercises tests

lab: $(READY)
	cd exercises && jupyter lab

release: $(READY)
	rnncourse release

grade: $(READY)
	rnncourse grade $(ASSIGNMENT)

formgrader: $(READY)
	@echo "Choose Nbgrader > Formgrader in the menu. Its words about a missing exchange do not matter here."
	jupyter lab

data: $(READY)
	rnncourse data

execute: $(READY)
	jupyter nbconvert --to notebook --execute --inplace $(NOTEBOOKS) \
	  --ExecutePreprocessor.record_timing=False \
	  --ClearMetadataPreprocessor.enabled=True --ClearMetadataPreprocessor.clear_cell_metadata=False \
	  --ClearMetadataPreprocessor.preserve_nb_metadata_mask="[('kernelspec',), ('rnncourse',), ('language_info', 'name')]"
	jupyter nbconvert --to notebook --inplace $(NOTEBOOKS) --CoalesceStreamsPreprocessor.enabled=True

requirements: $(READY)
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --no-emit-index-url \
	  --custom-compile-command "make requirements" --quiet --upgrade -o requirements.txt
