"""Forty pictures of one odd hand: how fine-tuning on them changes the accuracy on it and on MNIST.

usage: python benchmarks/odd_hand.py MNIST_DATA [CHECKPOINT_DIR]

Three hands, drawn by the strokes' generator with settings far from its usual ones, write 1,000
digits each. `mnistcli train --pictures` is given the first four pictures of each digit; the others
only score. It fine-tunes a copy of CHECKPOINT_DIR, or the pretrained model.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from reading import run

from mnistcli.datasets.synthetic import dataset as synthetic
from mnistcli.datasets.synthetic.handwriting import Hand
from mnistcli.datasets.synthetic.rasterizer import Pen

NEAT = Hand(jitter=(0.01, 0.03), overshoot=0.1, warp=0.03, rotation=0.05)
HANDS = {
    "slanted far to the left": NEAT._replace(slant=(-1.3, 0.08), width=(0.3, 0.08)),
    "slanted far to the right": NEAT._replace(slant=(1.2, 0.08), width=(0.3, 0.08)),
    "narrow, slanted to the left": NEAT._replace(slant=(-0.75, 0.08), width=(-0.6, 0.08)),
}
PEN = Pen(radius=(0.3, 0.1))
SEED = 100
FEW = 4
"""Pictures of each digit to train on."""


def write_pictures(hand: Hand, few: Path, others: Path) -> None:
    """Write the pictures, dark on light, as DIGIT_NUMBER.png."""
    counts = [0] * 10
    for image, label in zip(*synthetic.draw_block(SEED, 0, hand, PEN), strict=True):
        directory = few if counts[label] < FEW else others
        directory.mkdir(exist_ok=True)
        Image.fromarray(~image).save(directory / f"{label}_{counts[label]}.png")
        counts[label] += 1


def main() -> None:
    """Print a row for each hand."""
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    mnist = ("eval", "--json", "--dataset", "mnist", "--data-dir", sys.argv[1])
    base = sys.argv[2:]
    untrained = ("--checkpoint-dir", base[0]) if base else ("--pretrained",)
    print("| hand | its other pictures | held out | MNIST's test images | steps |")
    print("|---|---|---|---|---|")
    for name, hand in HANDS.items():
        with tempfile.TemporaryDirectory() as folder:
            few, others, tuned = (Path(folder) / part for part in ("few", "others", "tuned"))
            write_pictures(hand, few, others)
            if base:
                shutil.copytree(base[0], tuned)
            trained = run("train", "--json", "--pictures", few, "--checkpoint-dir", tuned)
            shown = [
                f"{before['accuracy']:.2%} → {after['accuracy']:.2%}"
                for before, after in (
                    [
                        run("eval", "--json", others, *model)
                        for model in (untrained, ("--checkpoint-dir", tuned))
                    ],
                    (trained["before"], trained),
                    [run(*mnist, *model) for model in (untrained, ("--checkpoint-dir", tuned))],
                )
            ]
            print("|", " | ".join([name, *shown, f"{trained['seconds']:.1f} s"]), "|", flush=True)


if __name__ == "__main__":
    main()
