"""The networks that the algorithms share: what they are told becomes features.

An observation is one box or a mapping of boxes. Boxes of bytes with three axes are images;
everything else is numbers, which stand side by side in the order of their names. Images go
through the convolutions of [1], numbers through an MLP; where there are both, a layer joins
them.

[1] Mnih et al. (2015), "Human-level control through deep reinforcement learning", Nature
    518:529-533, doi:10.1038/nature14236.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Any, Literal

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from racegym.errors import ScenarioError

__all__ = [
    "MLP", "NUMBERS", "ONLY", "Encoder", "Eye", "Layout", "Memory", "Normalizer", "Observation",
    "Recurrence", "Tanh", "layer_init", "mlp", "tensors_of",
]  # fmt: skip

Recurrence = Literal["none", "lstm", "gru"]
Observation = dict[str, Tensor]  # by sensor, each led by the batch

ONLY = "observation"  # the name of a box that is not part of a mapping
NUMBERS = "numbers"  # of an observation made ready: all that is no image, side by side
CLIPPED = 10.0  # normalised numbers are at most so large
TELEMETRY = (64, 64)  # layers beside an image
FUSED = 512  # features of image and numbers together


@dataclass(frozen=True)
class Layout:
    """Which parts an observation has.

    Attributes:
        shapes: of each part by name.
        images: the names of those that are images.
        channels_last: of the images, those whose last axis holds the colours.
    """

    shapes: dict[str, tuple[int, ...]]
    images: tuple[str, ...]
    channels_last: tuple[str, ...]

    @classmethod
    def of(cls, space: spaces.Space[Any]) -> Layout:
        """Return the layout of an observation space.

        Raises:
            ScenarioError: it is made of other things than boxes.
        """
        parts = dict(space.spaces) if isinstance(space, spaces.Dict) else {ONLY: space}
        boxes: dict[str, spaces.Box] = {}
        for name, box in parts.items():
            if not isinstance(box, spaces.Box):
                raise ScenarioError(
                    f"the observation {name!r} is a {type(box).__name__}; the trainers of "
                    "racegym-cleanrl take boxes of numbers and images"
                )
            boxes[name] = box
        images = tuple(
            name for name, box in boxes.items() if len(box.shape) == 3 and box.dtype == np.uint8
        )
        last = tuple(name for name in images if boxes[name].shape[-1] < boxes[name].shape[0])
        return cls({name: tuple(box.shape) for name, box in boxes.items()}, images, last)

    @property
    def numbers(self) -> tuple[str, ...]:
        """Return the names of the parts that are no images."""
        return tuple(name for name in self.shapes if name not in self.images)

    @property
    def width(self) -> int:
        """Return how many numbers there are beside the images."""
        return sum(prod(self.shapes[name]) for name in self.numbers)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            "shapes": {name: list(shape) for name, shape in self.shapes.items()},
            "images": list(self.images),
            "channels_last": list(self.channels_last),
        }

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Layout:
        """Return what ``plain`` returned, as a layout."""
        shapes = {str(name): tuple(map(int, shape)) for name, shape in data["shapes"].items()}
        return cls(shapes, tuple(data["images"]), tuple(data["channels_last"]))


def tensors_of(observations: Any) -> Observation:
    """Return what an environment tells, as tensors over the same memory."""
    told = observations if isinstance(observations, dict) else {ONLY: observations}
    return {name: torch.from_numpy(np.asarray(part)) for name, part in told.items()}


def layer_init(layer: nn.Module, std: float = 2.0**0.5, bias: float = 0.0) -> Any:
    """Return a layer with orthogonal weights of this gain."""
    assert isinstance(layer, nn.Linear | nn.Conv2d)
    nn.init.orthogonal_(layer.weight, std)
    assert layer.bias is not None
    nn.init.constant_(layer.bias, bias)
    return layer


class Tanh(nn.Module):
    """The hyperbolic tangent by way of the sigmoid, which torch computes six times as fast.

    tanh(x) = 2 / (1 + exp(-2 x)) - 1, to 1e-7.
    """

    def forward(self, values: Tensor) -> Tensor:
        """Return tanh of each."""
        return torch.sigmoid(2.0 * values) * 2.0 - 1.0


class MLP(nn.Sequential):
    """Linear layers, each with an activation after it, whose gradient is written out.

    Small layers on large batches cost less in arithmetic than in what goes round it: autograd's
    nodes and a new piece of memory for every result. Where it learns, all layers are one node.
    """

    def __init__(self, sizes: Sequence[int], activation: type[nn.Module]):
        layers: list[nn.Module] = []
        for before, after in pairwise(sizes):
            layers += [layer_init(nn.Linear(before, after)), activation()]
        super().__init__(*layers)
        self._fused = bool(layers) and activation in (Tanh, nn.ReLU)
        self._tanh = activation is Tanh

    def forward(self, values: Tensor) -> Tensor:
        """Return (n, width of the last layer)."""
        if not self._fused or _as_written(values):
            features: Tensor = super().forward(values)  # type: ignore[no-untyped-call]
            return features
        fused: Tensor = _Layers.apply(values, self._tanh, *self.parameters())  # type: ignore[no-untyped-call]
        return fused


def _as_written(values: Tensor) -> bool:
    """Tell whether layers must run one by one: to be compiled, exported or cast."""
    return (
        torch.compiler.is_compiling()
        or torch.jit.is_tracing()  # type: ignore[attr-defined,no-untyped-call]
        or torch.is_autocast_enabled(values.device.type)
        or values.dtype != torch.float32
    )


def _tanh_backward(grad: Tensor, output: Tensor, out: Tensor) -> None:
    torch.ops.aten.tanh_backward.grad_input(grad, output, grad_input=out)


def _relu_backward(grad: Tensor, output: Tensor, out: Tensor) -> None:
    torch.ops.aten.threshold_backward.grad_input(grad, output, 0.0, grad_input=out)


class _Layers(torch.autograd.Function):
    """Linear layers with an activation after each, as one node of autograd."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, tanh: bool, *parameters: Tensor) -> Tensor:
        """Return the last layer's features; ``parameters`` are weight, bias, weight ..."""
        outputs = [values]
        for weight, bias in zip(parameters[::2], parameters[1::2], strict=True):
            if tanh:
                output = torch.addmm(bias, outputs[-1], weight.t(), beta=2.0, alpha=2.0)
                output.sigmoid_().mul_(2.0).sub_(1.0)
            else:
                output = torch.addmm(bias, outputs[-1], weight.t()).clamp_min_(0.0)
            outputs.append(output)
        ctx.save_for_backward(*outputs, *parameters[::2])
        ctx.tanh = tanh
        return outputs[-1]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *after: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients in the order of ``forward``'s arguments."""
        saved = ctx.saved_tensors
        count = len(saved) // 2
        outputs, weights = saved[: count + 1], saved[count + 1 :]
        grad = torch.empty_like(after[0])
        through = _tanh_backward if ctx.tanh else _relu_backward
        through(after[0], outputs[-1], grad)
        found: list[Tensor | None] = []
        for k in range(count - 1, -1, -1):
            if k < count - 1:
                through(grad, outputs[k + 1], grad)
            learns = ctx.needs_input_grad[2 + 2 * k]  # not where a critic only judges
            found += [grad.sum(dim=0), grad.t() @ outputs[k]] if learns else [None, None]
            if k or ctx.needs_input_grad[0]:
                grad = grad @ weights[k]
        return (grad if ctx.needs_input_grad[0] else None, None, *reversed(found))


def mlp(sizes: Sequence[int], activation: type[nn.Module]) -> nn.Sequential:
    """Return linear layers between these widths, each with an activation after it."""
    return MLP(sizes, activation)


class Normalizer(nn.Module):
    """Numbers less their mean, in units of their deviation, both of all that was seen so far.

    Chan, Golub, LeVeque (1979), "Updating formulae and a pairwise algorithm for computing
    sample variances", Stanford University STAN-CS-79-773.
    """

    mean: Tensor
    var: Tensor
    count: Tensor

    def __init__(self, width: int):
        super().__init__()
        self.register_buffer("mean", torch.zeros(width, dtype=torch.float64))
        self.register_buffer("var", torch.ones(width, dtype=torch.float64))
        self.register_buffer("count", torch.zeros((), dtype=torch.float64))

    @torch.no_grad()
    def learn(self, values: Tensor) -> None:
        """Take in (n, width) numbers."""
        count = values.shape[0]
        # Sums of float32 would lose digits over millions of steps; one batch's do not.
        within = values.mean(dim=0)
        var = (values - within).square_().mean(dim=0).double()  # five times as fast as var
        mean = within.double()
        total = self.count + count
        delta = mean - self.mean
        squares = self.var * self.count + var * count + delta**2 * self.count * count / total
        self.mean += delta * count / total
        self.var.copy_(squares / total)
        self.count.copy_(total)

    def forward(self, values: Tensor) -> Tensor:
        """Return (n, width) numbers normalised, and clipped."""
        scale = (self.var + 1e-8).rsqrt().float()
        return ((values - self.mean.float()) * scale).clamp(-CLIPPED, CLIPPED)


class Eye(nn.Module):
    """What is told, made ready for the network: numbers side by side and normalised.

    Args:
        layout: of what is told.
        normalize: whether numbers are normalised by what was seen so far.
    """

    def __init__(self, layout: Layout, *, normalize: bool = True):
        super().__init__()
        self.layout = layout
        self.normalizer = Normalizer(layout.width) if normalize and layout.width else None

    def side_by_side(self, told: Observation) -> Tensor:
        """Return the numbers of what is told, (n, width)."""
        parts = [told[name].flatten(1).float() for name in self.layout.numbers]
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)

    def learn(self, told: Observation) -> None:
        """Take what is told into the normalisation."""
        if self.normalizer is not None:
            self.normalizer.learn(self.side_by_side(told))

    def forward(self, told: Observation) -> Observation:
        """Return the images as they are, and ``NUMBERS`` (n, width)."""
        seen = {name: told[name] for name in self.layout.images}
        if self.layout.width:
            numbers = self.side_by_side(told)
            seen[NUMBERS] = numbers if self.normalizer is None else self.normalizer(numbers)
        return seen

    def room(self, *lead: int, device: torch.device) -> Observation:
        """Return empty tensors for what it returns, of leading shape ``lead``."""
        kept = {
            name: torch.empty((*lead, *self.layout.shapes[name]), dtype=torch.uint8, device=device)
            for name in self.layout.images
        }
        if self.layout.width:
            kept[NUMBERS] = torch.empty((*lead, self.layout.width), device=device)
        return kept


class Memory(nn.Module):
    """A recurrent layer: what it returns depends on what it was given before.

    LSTM: Hochreiter, Schmidhuber (1997), Neural Computation 9(8):1735-1780. GRU: Cho et al.
    (2014), arXiv:1406.1078.

    Args:
        kind: "lstm" or "gru".
        inputs: features that it is given.
        width: features that it returns.

    Attributes:
        size: numbers that it keeps in mind for each row; all are zero in the beginning.
    """

    def __init__(self, kind: Recurrence, inputs: int, width: int):
        super().__init__()
        self.cell = nn.LSTMCell(inputs, width) if kind == "lstm" else nn.GRUCell(inputs, width)
        for name, parameter in self.cell.named_parameters():
            if "bias" in name:
                nn.init.zeros_(parameter)
            else:
                nn.init.orthogonal_(parameter, 1.0)
        self.size = 2 * width if kind == "lstm" else width

    def forward(self, features: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Return features (n, width) and the memory (n, size) after it.

        Args:
            features: (n, inputs).
            memory: (n, size) as it was.
        """
        if isinstance(self.cell, nn.LSTMCell):
            hidden, cell = memory.chunk(2, dim=1)
            hidden, cell = self.cell(features, (hidden.contiguous(), cell.contiguous()))
            return hidden, torch.cat((hidden, cell), dim=1)
        hidden = self.cell(features, memory)
        return hidden, hidden


class Encoder(nn.Module):
    """What an ``Eye`` has seen becomes features.

    Args:
        layout: of what is told.
        hidden: widths of the layers that numbers alone go through.
        activation: between them.
    """

    def __init__(self, layout: Layout, hidden: Sequence[int], activation: type[nn.Module]):
        super().__init__()
        self.layout = layout
        if not layout.images:
            self.numbers = mlp([layout.width, *hidden], activation)
            self.features = hidden[-1] if hidden else layout.width
            return
        self.numbers = mlp([layout.width, *TELEMETRY] if layout.width else [], nn.ReLU)
        self.images = nn.ModuleList(_convolutions(self._colours_first(n)) for n in layout.images)
        with torch.no_grad():
            seen = [
                net(torch.zeros(1, *self._colours_first(name))).shape[1]
                for name, net in zip(layout.images, self.images, strict=True)
            ]
        joined = sum(seen) + (TELEMETRY[-1] if layout.width else 0)
        self.fusion = nn.Sequential(layer_init(nn.Linear(joined, FUSED)), nn.ReLU())
        self.features = FUSED

    def _colours_first(self, name: str) -> tuple[int, int, int]:
        a, b, c = self.layout.shapes[name]
        return (c, a, b) if name in self.layout.channels_last else (a, b, c)

    def forward(self, seen: Observation) -> Tensor:
        """Return (n, features)."""
        if not self.layout.images:
            features: Tensor = self.numbers(seen[NUMBERS])
            return features
        parts = []
        for name, net in zip(self.layout.images, self.images, strict=True):
            image = seen[name]
            if name in self.layout.channels_last:
                image = image.permute(0, 3, 1, 2)
            parts.append(net(image.float() / 255.0))
        if self.layout.width:
            parts.append(self.numbers(seen[NUMBERS]))
        joined: Tensor = self.fusion(torch.cat(parts, dim=1))
        return joined


def _convolutions(shape: tuple[int, int, int]) -> nn.Sequential:
    """Return the convolutions for images of this shape, colours first."""
    if min(shape[1:]) < 36:
        raise ScenarioError(
            f"images of {shape[2]} x {shape[1]} are too small for the convolutions; take at "
            "least 36 x 36, better 84 x 84"
        )
    return nn.Sequential(
        layer_init(nn.Conv2d(shape[0], 32, 8, stride=4)), nn.ReLU(),
        layer_init(nn.Conv2d(32, 64, 4, stride=2)), nn.ReLU(),
        layer_init(nn.Conv2d(64, 64, 3, stride=1)), nn.ReLU(), nn.Flatten(),
    )  # fmt: skip
