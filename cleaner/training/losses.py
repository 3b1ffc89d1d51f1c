"""What training makes small: how far answers are from the labels, and from what was known before."""

from collections.abc import Callable

import torch
from torch.nn import functional as F

TEMPERATURE = 3.0  # at which half of the loss looks at soft targets
KIND_WEIGHT = 0.3  # of the loss over kinds beside the loss over keep

# Log-mels (B, bands, 2 D) to logits (B, 1 + K, D): keep, then the kinds.
Answers = Callable[[torch.Tensor], torch.Tensor]


def label_loss(
    network: Answers, held: Answers | None, mel: torch.Tensor, target: torch.Tensor, kinds: torch.Tensor
) -> torch.Tensor:
    """Cross entropy of keep over known decisions, and of the kind over those whose kind is said.

    ``target`` float32 and ``kinds`` int64 (B, D), NaN and negative where unknown. Where removed decisions do
    not say their kind, the network stays with what ``held``, if any, answers.
    """
    logits = network(mel)
    known = torch.isfinite(target)
    loss = keep_loss(logits[:, 0][known], target[known])
    said = kinds >= 0
    if said.any():
        loss = loss + KIND_WEIGHT * F.cross_entropy(logits[:, 1:].movedim(1, 2)[said], kinds[said])
    unsaid = known & (target < 0.5) & ~said
    if held and unsaid.any():
        with torch.no_grad():
            before = held(mel)
        loss = loss + KIND_WEIGHT * _kind_loss(logits, before)[unsaid].mean()
    return loss


def rehearsal_loss(network: Answers, held: Answers, mel: torch.Tensor) -> torch.Tensor:
    """How far the network's answers are from what ``held`` answers, for keep and for kinds."""
    with torch.no_grad():
        before = held(mel)
    logits = network(mel)
    kept = keep_loss(logits[:, 0].flatten(), torch.sigmoid(before[:, 0]).flatten())
    return kept + KIND_WEIGHT * _kind_loss(logits, before).mean()


def keep_loss(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Mean cross entropy; where the target is soft, half of it at a temperature (Hinton et al., 2015).

    At 3 it still matters whether a teacher was 1 or 0.1 per cent sure, which tells a pause inside a turn from
    the room's silence; plain cross entropy hardly sees the difference.
    """
    plain = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    wanted = torch.sigmoid(torch.logit(target, eps=1e-4) / TEMPERATURE)
    warm = F.binary_cross_entropy_with_logits(logits / TEMPERATURE, wanted, reduction="none")
    soft = (target > 0) & (target < 1)
    return torch.where(soft, 0.5 * (plain + TEMPERATURE * warm), plain).mean()


def _kind_loss(logits: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
    """Cross entropy (B, D) of the kinds against what was answered before."""
    return -(before[:, 1:].softmax(dim=1) * logits[:, 1:].log_softmax(dim=1)).sum(dim=1)
