"""The random shift of DrQ: pictures moved by some pixels, so that nobody learns them by heart.

[1] Yarats, Kostrikov, Fergus (2021), "Image augmentation is all you need: regularizing deep
    reinforcement learning from pixels", ICLR, arXiv:2004.13649.
"""

from __future__ import annotations

import torch
from torch import Tensor

from racegym_cleanrl.networks import Layout, Observation

__all__ = ["randomly_shifted", "shifted"]


def shifted(images: Tensor, down: Tensor, right: Tensor, *, channels_last: bool) -> Tensor:
    """Return images moved by whole pixels; the pixels of the edge fill what becomes free [1].

    Args:
        images: (n, h, w, c) or (n, c, h, w), of any type, which is kept.
        down, right: (n,) int, pixels that each is moved by.
        channels_last: whether the colours stand last.
    """
    if not channels_last:
        moved = shifted(images.permute(0, 2, 3, 1), down, right, channels_last=True)
        return moved.permute(0, 3, 1, 2)
    n, height, width, _ = images.shape
    rows = (torch.arange(height, device=images.device) - down[:, None]).clamp(0, height - 1)
    columns = (torch.arange(width, device=images.device) - right[:, None]).clamp(0, width - 1)
    each = torch.arange(n, device=images.device)[:, None, None]
    return images[each, rows[:, :, None], columns[:, None, :]]


def randomly_shifted(seen: Observation, layout: Layout, pad: int) -> Observation:
    """Return what was seen with every image moved by up to ``pad`` pixels each way.

    All images of one observation are moved alike, since they show one moment.

    Args:
        seen: by part, each led by the batch.
        layout: tells which parts are images.
        pad: pixels; 0 moves nothing.
    """
    if not (pad and layout.images):
        return seen
    first = seen[layout.images[0]]
    down, right = torch.randint(-pad, pad + 1, (2, len(first)), device=first.device)
    return seen | {
        name: shifted(seen[name], down, right, channels_last=name in layout.channels_last)
        for name in layout.images
    }
