"""PyTorch's own MNIST example, until 99 % of the test images are right.

Its layers, optimizer, schedule and batch size; its images normalised once, in memory.

usage: torch_convnet.py DATA_DIR [SEED]
"""

import json
import sys
import time

import mnist
import numpy as np
import torch
from torch import nn
from torch.nn import functional

torch.manual_seed(int(sys.argv[2]) if len(sys.argv) > 2 else 0)


def load(split):
    """Return normalised images [N, 1, 28, 28] and labels."""
    images, labels = mnist.load(sys.argv[1], split)
    x = torch.from_numpy((images.reshape(-1, 1, 28, 28) - 0.1307) / 0.3081)
    return x.float(), torch.from_numpy(labels.astype(np.int64))


images, labels = load("train")
test_images, test_labels = load("t10k")
model = nn.Sequential(
    *(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)),
    *(nn.Dropout(0.25), nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5)),
    *(nn.Linear(128, 10), nn.LogSoftmax(1)),
)
optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.7)

seconds, epochs, accuracy = 0.0, 0, 0.0
while accuracy < 0.99 and epochs < 14:
    started = time.perf_counter()
    model.train()
    for rows in torch.randperm(len(labels)).split(64):
        optimizer.zero_grad()
        functional.nll_loss(model(images[rows]), labels[rows]).backward()
        optimizer.step()
    schedule.step()
    seconds += time.perf_counter() - started
    epochs += 1
    model.eval()
    with torch.no_grad():
        answers = torch.cat([model(part).argmax(1) for part in test_images.split(1000)])
    accuracy = float((answers == test_labels).float().mean())
print(json.dumps({"seconds": seconds, "epochs": epochs, "accuracy": accuracy}))
