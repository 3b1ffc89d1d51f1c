"""The networks of ``model.py`` once they are trained, laid out for a processor: time along the rows."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import nn
from torch.nn import functional as F

from cleaner.frames import DECISION_FRAMES, STEP_DECISIONS

Block = tuple[torch.Tensor, torch.Tensor, int]


class RowNetwork(nn.Module):
    """A folded ``model.Network`` with time along the rows: same numbers, 1.6 times as fast on a processor.

    One time step is one row of C numbers, so a convolution of width 3 is three matrix products of rows that
    lie a dilation apart, in place and without copies; one that steps is a product of rows end to end.
    """

    def __init__(self, network: Any):
        super().__init__()
        body = network.body
        self.config, self.mean, self.scale = network.config, network.mean, network.scale
        self.first, self.first_bias = _taps(body.conv)
        self.head, self.head_bias = _taps(body.head)
        if self.config.family == "hourglass":
            self.before, self.blocks, self.after = map(_blocks, (body.before, body.blocks, body.after))
            self.down, self.down_bias = _taps(body.down.conv)
            self.up = body.up.weight.permute(0, 2, 1).flatten(1).contiguous()  # (coarse C, 4 C)
            self.up_bias = body.up.bias
        else:
            self.before = _blocks(body.blocks)

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """(1, bands, T) -> (1, 1 + K, D)."""
        bands, frames = mel.shape[1:]
        steps = -(-frames // DECISION_FRAMES)
        rows = F.pad((mel[0] - self.mean) * self.scale, (1, 2)).T.contiguous()  # (T + 3, bands)
        looks = rows.as_strided((steps, 4 * bands), (DECISION_FRAMES * bands, 1))  # four frames end to end
        x = torch.addmm(self.first_bias, looks, self.first.flatten(0, 1)).relu_()  # (D, C)
        _through(x, self.before)
        if self.config.family == "hourglass":
            fours = F.pad(x, (0, 0, 0, -steps % STEP_DECISIONS)).view(-1, STEP_DECISIONS * x.shape[1])
            y = torch.addmm(self.down_bias, fours, self.down.flatten(0, 1)).relu_()  # (D / 4, coarse C)
            _through(y, self.blocks)
            x += (y @ self.up).view(-1, x.shape[1])[:steps] + self.up_bias
            _through(x, self.after)
        return torch.addmm(self.head_bias, x, self.head[0]).T[None]


def _taps(conv: nn.Module) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights (width, C in, C out) and bias of a convolution."""
    weight, bias = cast(torch.Tensor, conv.weight), cast(torch.Tensor, conv.bias)
    return weight.permute(2, 1, 0).contiguous(), bias


def _blocks(blocks: nn.Module) -> list[Block]:
    """Weights, bias and dilation of each residual block."""
    convs = [cast(nn.Conv1d, block.conv) for block in blocks.children()]
    return [(*_taps(conv), conv.dilation[0]) for conv in convs]


def _through(x: torch.Tensor, blocks: list[Block]) -> None:
    """Take rows (D, C) through residual blocks, in place."""
    for taps, bias, dilation in blocks:
        y = torch.addmm(bias, x, taps[1])
        y[dilation:].addmm_(x[:-dilation], taps[0])
        y[:-dilation].addmm_(x[dilation:], taps[2])
        x += y.relu_()
