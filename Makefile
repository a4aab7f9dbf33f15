# To be run in a virtual environment of its own: it installs there.

.PHONY: check test lint faults stress bench docs pretrained detector

check: test lint faults  ## What CI runs

test:
	pip install '.[test]' && pytest

lint:
	pip install '.[dev]'
	ruff check
	ruff format --check
	mypy

faults:  ## Kills, damage, full disks and hostile files, for some minutes
	pip install '.[stress]' && cd tests && python -m stress

stress:  ## The same by the hundred, for the better part of an hour, and its table
	pip install '.[stress]' && cd tests && python -m stress --long --write ../docs/reliability.md

bench:  ## Ours against the peers; PyTorch's too, where torch is installed
	pip install . && python benchmarks/bench.py --json benchmarks/results.json

docs:  ## What in docs/ is made from the code: the reference and the figures
	pip install .
	python tools/reference.py
	python tools/figures.py docs/images

pretrained:  ## Trains the package's own model anew, or goes on with it
	pip install -e .
	mnistcli train --model deepcnn --dataset mnist --seed 0 --checkpoint-dir build/pretrained
	python tools/pretrain.py build/pretrained "$${MNISTCLI_DATA_DIR:-MNIST_data}"

detector:  ## Trains what tells digits from other things; OpenCV 5 has fewer fonts to learn from
	pip install -e . 'opencv-python-headless<5'
	python tools/detector/train.py "$${MNISTCLI_DATA_DIR:-MNIST_data}"
