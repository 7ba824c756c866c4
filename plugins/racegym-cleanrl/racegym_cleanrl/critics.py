"""The twin critics that SAC and TD3 share, and how targets follow what learns.

[1] Fujimoto, van Hoof, Meger (2018), "Addressing function approximation error in actor-critic
    methods", ICML 80:1587-1596, arXiv:1802.09477.
[2] Ball, Smith, Kostrikov, Levine (2023), "Efficient online reinforcement learning with offline
    data", ICML, arXiv:2302.02948.
[3] Yarats, Fergus, Lazaric, Pinto (2022), "Mastering visual continuous control: improved
    data-augmented reinforcement learning", ICLR, arXiv:2107.09645.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import prod
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from racegym_cleanrl.actions import Actions, middle_and_half
from racegym_cleanrl.networks import NUMBERS, Encoder, Eye, Layout, Observation, layer_init, mlp

__all__ = ["ActorCritic", "Critic", "Trunk", "follow", "layers"]

TRUNK = 50  # features of images that actions are judged and chosen by [3]


def layers(sizes: Sequence[int], *, layer_norm: bool) -> nn.Sequential:
    """Return linear layers between these widths, each with ReLU, and LayerNorm [2] before it."""
    if not layer_norm:
        return mlp(sizes, nn.ReLU)

    def made() -> Iterator[nn.Module]:
        for before, after in pairwise(sizes):
            yield layer_init(nn.Linear(before, after))
            yield nn.LayerNorm(after)
            yield nn.ReLU()

    return nn.Sequential(*made())


class Trunk(nn.Module):
    """From an encoder's features, few enough to decide by [3]; numbers alone pass unchanged.

    Args:
        layout: of what is told.
        encoded: features of the encoder, where there are images.
    """

    def __init__(self, layout: Layout, encoded: int):
        super().__init__()
        self.squeeze = (
            nn.Sequential(layer_init(nn.Linear(encoded, TRUNK)), nn.LayerNorm(TRUNK), nn.Tanh())
            if layout.images
            else nn.Identity()
        )
        self.features = TRUNK if layout.images else layout.width

    def forward(self, encoded: Tensor) -> Tensor:
        """Return (n, features)."""
        features: Tensor = self.squeeze(encoded)
        return features


class Critic(nn.Module):
    """What actions are worth, judged twice [1]. The eyes for images are its own.

    Args:
        layout: of what is told.
        size: numbers of an action.
        hidden: widths of the layers.
        layer_norm: whether they are normalised [2].
    """

    def __init__(self, layout: Layout, size: int, hidden: Sequence[int], *, layer_norm: bool):
        super().__init__()
        self.encoder = Encoder(layout, (), nn.ReLU) if layout.images else None
        encoded = layout.width if self.encoder is None else self.encoder.features
        self.trunk = Trunk(layout, encoded)
        self.encoded = encoded
        self.judges = nn.ModuleList(
            nn.Sequential(
                layers([self.trunk.features + size, *hidden], layer_norm=layer_norm),
                layer_init(nn.Linear(hidden[-1], 1), std=1.0),
            )
            for _ in range(2)
        )

    def encode(self, seen: Observation) -> Tensor:
        """Return (n, encoded) of what an eye has seen."""
        if self.encoder is None:
            return seen[NUMBERS]
        features: Tensor = self.encoder(seen)
        return features

    def forward(self, encoded: Tensor, actions: Tensor) -> Tensor:
        """Return (2, n): what the actions (n, ...) are worth, in the eyes of each judge."""
        told = torch.cat([self.trunk(encoded), actions.flatten(1)], dim=1)
        return torch.stack([judge(told)[:, 0] for judge in self.judges])


@torch.no_grad()
def follow(target: nn.Module, source: nn.Module, tau: float) -> None:
    """Move the target's parameters by this share towards those of what learns."""
    for a, b in zip(target.parameters(), source.parameters(), strict=True):
        a.lerp_(b, tau)


class ActorCritic(nn.Module):
    """An actor and its critics. Where there are images they look with one encoder, the critics'.

    Args:
        layout: of what is told.
        actions: that it chooses from.
        hidden: widths of the layers.
        layer_norm: whether those of the critics are normalised.
        normalize: whether numbers are normalised.

    Attributes:
        actor_class: of what acts, made of layout, features of the critic's encoder, actions and
            widths.
    """

    actor_class: ClassVar[type[nn.Module]]
    actor: nn.Module
    middle: Tensor
    reach: Tensor

    def __init__(
        self,
        layout: Layout,
        actions: Actions,
        hidden: Sequence[int],
        *,
        layer_norm: bool,
        normalize: bool,
    ):
        super().__init__()
        self.shape = actions.shape
        self.eye = Eye(layout, normalize=normalize)
        self.critic = Critic(layout, prod(actions.shape), hidden, layer_norm=layer_norm)
        self.actor = self.actor_class(layout, self.critic.encoded, actions, hidden)
        middle, reach = middle_and_half(actions)
        self.register_buffer("middle", middle)
        self.register_buffer("reach", reach)

    @classmethod
    def of(cls, network: Mapping[str, Any]) -> Self:
        """Return an agent as a checkpoint's head describes it."""
        return cls(
            Layout.from_plain(network["layout"]),
            Actions.from_plain(network["actions"]),
            network["hidden"],
            layer_norm=network["layer_norm"],
            normalize=network["normalize"],
        )

    def scaled(self, actions: Tensor) -> Tensor:
        """Return actions (n, size) in [-1, 1] as the environment takes them, (n, *shape)."""
        return (self.middle + self.reach * actions).reshape(-1, *self.shape)
