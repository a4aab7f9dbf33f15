"""The tutorial's demo: restore the graph's weights and read a digit off each picture.

usage: tf1_predict.py CHECKPOINT PICTURES...
"""

import sys

import numpy as np
from PIL import Image
from tf1_graph import Network, tf1

network = Network()
with tf1.Session() as session:
    tf1.train.Saver().restore(session, sys.argv[1])
    for name in sys.argv[2:]:
        gray = Image.open(name).convert("L").resize((28, 28))
        x = 1 - np.asarray(gray, np.float32).reshape(1, 784) / 255
        print(name, session.run(network.y, {network.x: x}).argmax())
