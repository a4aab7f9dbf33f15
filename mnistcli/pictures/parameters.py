"""The tuned numbers of all steps from a file to an image.

The network was trained with those marked "trained": after a change, ``make locator`` trains it
anew. "Chosen on composed pages" means pages that ``tools/locator/pages.py`` composes, of MNIST's
training images, as the network was trained on, with another seed.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Parameters:
    """Lengths are in pixels of a level, unless something else is said."""

    # Decoding.
    max_picture_side: int = 2048
    """Longer side of a decoded picture, in its pixels; larger ones are reduced. It bounds memory
    and time, and is more than the finest level has."""
    min_opacity: int = 128
    """Least opacity, of 255, of pixels that are seen: half."""
    max_ink_range: float = 30
    """Greatest range, in gray levels of 255, of an opaque area that is nothing but ink."""
    min_opaque_border: float = 0.5
    """If at least this share of a picture's border is opaque, its paper is opaque, too."""
    min_sheet_share: float = 0.9
    """Least share of the box around an opaque area that is opaque, if the area is a sheet of paper:
    its corners may be rounded, and strokes leave more out."""

    # What the network is given.
    contrast_window: int = 25
    """Side of the window whose mean is the surroundings. Trained: about half of a digit."""
    half_contrast: float = 16
    """Difference from the surroundings, in gray levels of 255, that becomes half of the greatest
    contrast. Trained: noise stays small, and pencil is seen beside black ink."""
    stride: int = 16
    """Levels have a multiple of it as rows and columns: the network halves them four times."""
    cell: int = 4
    """Rows and columns of pixels in a cell of the map of centres. Trained."""
    vote_unit: float = 16
    """Pixels that 1 means in the network's offsets. Trained."""

    # The pyramid.
    coarsest_side: int = 48
    """Longer side of the first level; the others' are 2, 4, … times as long. A digit that fills a
    picture is then as large as the network knows them."""
    finest_side: int = 1536
    """Longer side of the last level: 1,080 digits of a page then have some 25 pixels each."""
    usual_side: int = 768
    """Longer side of the last level, which is also no larger than the picture; finer levels follow
    only if its digits are small."""
    max_enlargement: float = 3
    """Greatest scale of a level: it parts digits that touch, and there is no more to see beyond."""
    small_side: float = 40
    """Median of digits' longer sides below which there may be smaller ones, for the next level."""
    margin: int = 16
    """Paper around a level. Trained: ink on the border of a picture is seen to end there."""
    tile_side: int = 512
    """Side of the parts that a level is divided into, which bounds the memory."""
    tile_overlap: int = 96
    """Seen on each side of a part, too: most of how far the network sees around a pixel."""

    # From maps to digits.
    min_ink: float = 0.06
    """Least probability of ink at the soft edge of a stroke: what is less is background."""
    strong_ink: float = 0.25
    """Least probability of ink that counts for a digit's box."""
    min_centre: float = 0.45
    """Least probability of a digit's centre. Chosen on composed pages, where about as many digits
    are missed as are found where there are none, and on pictures of numbers."""
    min_candidate: float = 0.1
    """The same, if nothing in the picture has more: then it is the best of these."""
    min_doubtful: float = 0.25
    """Least probability of a centre that is told of, though it isn't read. Chosen on pictures of
    numbers: of those that were read right, few are warned of."""
    min_side: float = 14
    """Least longer side of a digit; smaller ones are larger on the next level. Trained."""
    max_side: float = 74
    """Greatest longer side of a digit; larger ones are smaller on the level before. Trained."""
    max_vote_distance: float = 0.45
    """Greatest distance between a vote and its digit's centre, as a share of the longer side."""
    max_shared: float = 0.4
    """Greatest share of the smaller of two boxes of different levels that the other also covers:
    beyond it, both are the same digit."""
    outnumbering: float = 0.8
    """Least score of a second smaller digit, as a share of the score of a larger one that covers
    both, to be believed instead."""

    # Reading order.
    max_slope: float = 0.84
    """Greatest slope of a row, the tangent of 40°: pages are turned by up to 35°."""
    min_neighbours: int = 3
    """Least number of digits with a neighbour in their row, to know the direction of rows."""
    max_neighbour_distance: float = 2.5
    """Greatest distance of a digit's centre to that of its neighbour in a row, in longer sides."""
    max_row_difference: float = 0.12
    """Greatest median difference, in radians, of such directions from their median, if rows are
    turned: digits that stand about on a page have any direction."""
    min_angle: float = 0.2
    """Least angle, in radians, by which digits are turned back: hands slant by less."""
    min_lone_angle: float = 0.4
    """The same for a digit alone: a 1 with a long upstroke looks like a turned 7. Chosen on MNIST's
    training images, which are read as well if a turn of up to 25° stays."""
    min_other: float = 0.4
    """Least weight of another digit than the main one, as a share of its weight, to be told of."""
    min_row_overlap: float = 0.5
    """Least share of the shorter digit's height that both digits have in common, in one row."""

    # From digits to images.
    min_stroke_width: float = 2.4
    """Width, in pixels of an image, that thinner strokes are thickened to: MNIST's are wider."""
    stroke_margin: int = 4
    """Empty pixels around ink, for thicker strokes to grow into."""
    paper_reach: float = 0.25
    """Reach of the paper around a digit's ink that its contrast is measured against, as a share of
    the longer side."""
    ink_threshold: float = 0.2
    """Share of the strongest ink from which on pixels count for the box that is scaled to 20
    pixels: soft edges and specks don't."""
    low_contrast: float = 20
    """Contrast, in gray levels of 255, below which an answer gets a warning."""


PARAMETERS = Parameters()
