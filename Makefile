# Run these in a virtual environment: they install packages there.

.DEFAULT_GOAL := help
.PHONY: help develop fast check test lint faults stress bench docs pretrained detector locator

help:  ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

develop:  ## Install the checkout, editable, with all tools, and the hooks that run before commits
	pip install -e '.[test,dev]'
	pre-commit install

fast:  ## Run the quick tests of the checkout, within a minute
	pip install -q -e '.[test]' && pytest -m 'not slow'

check: test lint faults  ## Run what CI runs

test:  ## Run all tests
	pip install '.[test]' && pytest

lint:  ## Check style, types and the order of the packages
	pip install '.[dev]'
	ruff check
	ruff format --check
	mypy
	lint-imports --no-logo

faults:  ## Try kills, damage, full disks and hostile files, for some minutes
	pip install '.[stress]' && cd tests && python -m stress

stress:  ## Try them hundreds of times, for an hour, and write docs/reliability.md
	pip install '.[stress]' && cd tests && python -m stress --long --write ../docs/reliability.md

bench:  ## Compare speed and memory with peers; with PyTorch, too, if torch is installed
	pip install . && python benchmarks/bench.py --json benchmarks/results.json

docs:  ## Make the reference and the figures of docs/ from the code
	pip install .
	python tools/reference.py
	python tools/figures.py docs/images

# OpenCV 5 has fewer fonts to learn from.
pretrained:  ## Train the model that comes with the package, or resume its training
	pip install -e . 'opencv-python-headless<5'
	PYTHONPATH=tools:tools/locator python tools/classifier/train.py build/pretrained "$${MNISTCLI_DATA_DIR:-MNIST_data}"

detector:  ## Train the network that detects what is no digit
	pip install -e . 'opencv-python-headless<5'
	PYTHONPATH=tools:tools/locator python tools/detector/train.py "$${MNISTCLI_DATA_DIR:-MNIST_data}"

locator:  ## Train the network that locates digits
	pip install -e .
	PYTHONPATH=tools python tools/locator/train.py "$${MNISTCLI_DATA_DIR:-MNIST_data}"
