"""The tutorial's training: 2000 steps of 64 images, fed one by one, and the test accuracy.

usage: tf1_train.py DATA_DIR [CHECKPOINT]
"""

import json
import sys
import time

import mnist
import numpy as np
from tf1_graph import Network, tf1

images, labels = mnist.load(sys.argv[1], "train")
test_images, test_labels = mnist.load(sys.argv[1], "t10k")
one_hot = np.eye(10, dtype=np.float32)
random = np.random.default_rng(0)

network = Network()
with tf1.Session() as session:
    session.run(tf1.global_variables_initializer())
    started = time.perf_counter()
    order = random.permutation(len(labels))
    for step in range(2000):
        start = step * 64 % (len(labels) - 64)
        rows = order[start : start + 64]
        feed = {network.x: images[rows], network.label: one_hot[labels[rows]]}
        _, loss = session.run([network.train, network.loss], feed)
        if (step + 1) % 10 == 0:
            print(f"step {step + 1}, loss {loss:.2f}", file=sys.stderr)
    seconds = time.perf_counter() - started
    feed = {network.x: test_images, network.label: one_hot[test_labels]}
    accuracy = session.run(network.accuracy, feed)
    if len(sys.argv) > 2:
        tf1.train.Saver().save(session, sys.argv[2])
print(json.dumps({"seconds": seconds, "accuracy": float(accuracy)}))
