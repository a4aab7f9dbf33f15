"""Keras's own MNIST convnet example, until 99 % of the test images are right.

Its layers, optimizer, batch size and validation split; an epoch at a time, scored in between.

usage: keras_convnet.py DATA_DIR
"""

import json
import sys
import time

import keras
import mnist
from keras import layers

images, labels = mnist.load(sys.argv[1], "train")
test_images, test_labels = mnist.load(sys.argv[1], "t10k")

keras.utils.set_random_seed(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])

seconds, epochs, accuracy = 0.0, 0, 0.0
x, test_x = images.reshape(-1, 28, 28, 1), test_images.reshape(-1, 28, 28, 1)
while accuracy < 0.99 and epochs < 30:
    started = time.perf_counter()
    model.fit(x[:54000], labels[:54000], batch_size=128, epochs=1, verbose=0)
    seconds += time.perf_counter() - started
    epochs += 1
    accuracy = model.evaluate(test_x, test_labels, batch_size=1000, verbose=0)[1]
print(json.dumps({"seconds": seconds, "epochs": epochs, "accuracy": accuracy}))
