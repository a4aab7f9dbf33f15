"""Pillow alone: open each picture of a directory, turn it gray and into an array.

usage: pillow_decode.py DIRECTORY
"""

import os
import sys

import numpy as np
from PIL import Image

for name in sorted(os.listdir(sys.argv[1])):
    np.asarray(Image.open(os.path.join(sys.argv[1], name)).convert("L"))
