"""The Conv1D networks that decide what to keep, and their checkpoints.

network = Network(MODELS["default"])
logits = network(torch.zeros(1, 64, 500))        # (1, 4, 250): keep, silence, breath, noise

detector = load_detector("weights/default.pt")   # a plain callable on numpy arrays
probabilities = detector.network(mel)            # (64, T) -> (4, D)

python model.py runs/train/best.pt best.onnx     # the same network for machines without torch
"""

if __name__ == "__main__":
    from cleaner.interrupt import leave_at_once

    leave_at_once()  # the imports below take a moment, too

import io
import itertools
import json
import math
import pickle
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from cleaner.cli import Parser, run
from cleaner.errors import CheckpointError, UsageError
from cleaner.files import write_whole
from cleaner.frames import DECISION_FRAMES, STEP_DECISIONS, FeatureConfig
from cleaner.kinds import KIND_NAMES
from cleaner.row_network import RowNetwork
from cleaner.segments import DEFAULT_THRESHOLD

if TYPE_CHECKING:
    from cleaner.detect import Detector

CHECKPOINT_VERSION = 1

FAMILIES = ("hourglass", "residual", "plain")


@dataclass(frozen=True)
class ModelConfig:
    """The shape of a network; it travels inside the checkpoint, so loading needs no options."""

    family: str = field(
        default="residual", metadata={"help": "hourglass, residual (all at 20 ms) or plain (the original's)"}
    )
    channels: tuple[int, ...] = field(
        default=(64,),
        metadata={"help": "width; at 20 ms and at 80 ms where hourglass, of each layer where plain"},
    )
    dilations: tuple[int, ...] = field(
        default=(1, 2, 4, 8, 16, 32, 1, 2, 4, 8),
        metadata={"help": "one residual block each; none where plain"},
    )
    coarse_dilations: tuple[int, ...] = field(
        default=(), metadata={"help": "one residual block each at 80 ms; hourglass only"}
    )
    dropout: float = field(default=0.05, metadata={"help": "share of activations left out in training"})
    mel_bands: int = field(default=64, metadata={"help": "bands of the log-mel spectrogram"})
    kinds: int = field(default=len(KIND_NAMES), metadata={"help": "kinds of removed stretches"})

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise ValueError(f"family is {self.family!r}, must be one of {', '.join(FAMILIES)}")
        if self.family == "hourglass" and len(self.channels) != 2:
            raise ValueError(f"channels are {self.channels}, an hourglass has two widths")
        if not 1 <= len(self.channels) <= 64 or not all(1 <= width <= 1024 for width in self.channels):
            raise ValueError(f"channels are {self.channels}, must be 1 to 64 widths from 1 to 1024")
        for dilations in (self.dilations, self.coarse_dilations):
            if len(dilations) > 64 or not all(1 <= dilation <= 1024 for dilation in dilations):
                raise ValueError(f"dilations are {dilations}, must be up to 64 steps from 1 to 1024")
        if not (1 <= self.mel_bands <= 512 and 1 <= self.kinds <= 64 and 0 <= self.dropout < 1):
            raise ValueError("mel_bands, kinds or dropout out of range")

    @property
    def context_frames(self) -> int:
        """Frames on either side of a decision that can change it; whole steps, so that windows stay on the
        clock of decisions, and of the hourglass's coarse part."""
        if self.family == "plain":
            return DECISION_FRAMES * (len(self.channels) + 1)
        if self.family == "hourglass":
            fine_steps = -(-(2 * sum(self.dilations) + 1) // STEP_DECISIONS)
            return DECISION_FRAMES * STEP_DECISIONS * (sum(self.coarse_dilations) + fine_steps + 1)
        return DECISION_FRAMES * (sum(self.dilations) + 1)


_TAPERED = (80, 64, 32, 16, 8, 4, 2)

MODELS: dict[str, ModelConfig] = {
    "default": ModelConfig(
        family="hourglass",
        channels=(56, 96),
        dilations=(1, 2, 4),
        coarse_dilations=(1, 2, 4, 8, 16, 1, 2, 4, 8, 16),
    ),
    "residual": ModelConfig(),
    # The original's four, on our features.
    "original-20": ModelConfig(family="plain", channels=(20,), dilations=()),
    "original-80": ModelConfig(family="plain", channels=(80,), dilations=()),
    "original-7": ModelConfig(family="plain", channels=_TAPERED, dilations=()),
    "original-13": ModelConfig(
        family="plain", channels=(80, *(width for width in _TAPERED[1:] for _ in range(2))), dilations=()
    ),
}


class ResidualBlock(nn.Module):
    """x + ReLU(norm(dilated convolution of width 3)): length and width stay."""

    def __init__(self, channels: int, dilation: int, dropout: float):
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation, bias=False)
        self.norm: nn.Module = nn.BatchNorm1d(channels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.dropout(F.relu(self.norm(self.conv(x))))


class ResidualBody(nn.Module):
    """Standardised log-mel (B, bands, T) -> logits (B, 1 + K, D): one wide look, then a stack of blocks.

    The first convolution has stride 2: four frames around a decision's own two become one column. Padding by
    one column before and two after gives ceil(T / 2) columns for odd and even T alike.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        width = config.channels[0]
        self.conv = nn.Conv1d(config.mel_bands, width, 4, stride=DECISION_FRAMES, bias=False)
        self.norm: nn.Module = nn.BatchNorm1d(width)
        self.blocks = nn.ModuleList(ResidualBlock(width, d, config.dropout) for d in config.dilations)
        self.head = nn.Conv1d(width, 1 + config.kinds, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.norm(self.conv(F.pad(x, (1, 2)))))  # (B, C, D)
        for block in self.blocks:
            x = block(x)
        return self.head(x)


class Downsampling(nn.Module):
    """Four steps of 20 ms become one of 80 ms: (B, C, D) -> (B, coarse C, ceil(D / 4))."""

    def __init__(self, width: int, coarse: int):
        super().__init__()
        self.conv = nn.Conv1d(width, coarse, STEP_DECISIONS, stride=STEP_DECISIONS, bias=False)
        self.norm: nn.Module = nn.BatchNorm1d(coarse)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(self.norm(self.conv(F.pad(x, (0, STEP_DECISIONS - 1)))))


class HourglassBody(nn.Module):
    """Standardised log-mel (B, bands, T) -> logits (B, 1 + K, D): fine, coarse with a long look, fine again.

    What needs seconds of context (how loud the others are, whether a turn goes on) is thought over at 80 ms,
    where a block costs a quarter and sees four times as far; edges are drawn at 20 ms on both sides. The
    shape is that of U-Net (Ronneberger et al., 2015), with one level and in one dimension.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        width, coarse = config.channels
        self.conv = nn.Conv1d(config.mel_bands, width, 4, stride=DECISION_FRAMES, bias=False)
        self.norm: nn.Module = nn.BatchNorm1d(width)
        self.before = nn.ModuleList(ResidualBlock(width, d, config.dropout) for d in config.dilations)
        self.down = Downsampling(width, coarse)
        self.blocks = nn.ModuleList(ResidualBlock(coarse, d, config.dropout) for d in config.coarse_dilations)
        self.up = nn.ConvTranspose1d(coarse, width, STEP_DECISIONS, stride=STEP_DECISIONS)
        self.after = nn.ModuleList(ResidualBlock(width, d, config.dropout) for d in config.dilations)
        self.head = nn.Conv1d(width, 1 + config.kinds, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.norm(self.conv(F.pad(x, (1, 2)))))  # (B, C, D)
        for block in self.before:
            x = block(x)
        y = self.down(x)  # (B, coarse C, ceil(D / 4))
        for block in self.blocks:
            y = block(y)
        x = x + self.up(y)[..., : x.shape[-1]]
        for block in self.after:
            x = block(x)
        return self.head(x)


class PlainBody(nn.Module):
    """The original's network: convolutions of width 3 in a row, no activation between, one output.

    It answered every 40 ms; here it answers every 20 ms like every other network, on the mean of a decision's
    two frames. It knows no kinds: their logits are zero, so each kind is equally likely.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        widths = [config.mel_bands, *config.channels, 1]
        pairs = itertools.pairwise(widths)
        self.convs = nn.ModuleList(nn.Conv1d(before, after, 3, padding=1) for before, after in pairs)
        self.dropout = nn.Dropout(config.dropout)
        self.kinds = config.kinds

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.avg_pool1d(F.pad(x, (0, 1)), DECISION_FRAMES)  # (B, bands, D)
        for conv in self.convs[:-1]:
            x = self.dropout(conv(x))
        keep = self.convs[-1](x)
        return torch.cat([keep, torch.zeros_like(keep).expand(-1, self.kinds, -1)], dim=1)


class Network(nn.Module):
    """Log-mel spectrogram (B, bands, T) float32 -> logits (B, 1 + K, D), D = ceil(T / 2), T from 0 up.

    Row 0 is the keep logit, the others are the kinds' logits. What lies beyond both ends counts as the mean
    spectrum, in every layer, so a window that begins or ends with the recording answers as the whole does.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.mean: torch.Tensor
        self.scale: torch.Tensor
        self.register_buffer("mean", torch.full((config.mel_bands, 1), -8.0))
        self.register_buffer("scale", torch.full((config.mel_bands, 1), 0.25))
        bodies = {"hourglass": HourglassBody, "residual": ResidualBody, "plain": PlainBody}
        self.body: nn.Module = bodies[config.family](config)

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        if mel.shape[-1] == 0:
            return mel.new_zeros(mel.shape[0], 1 + self.config.kinds, 0)
        return self.body((mel - self.mean) * self.scale)

    @torch.no_grad()
    def standardise_with(self, mel: torch.Tensor) -> None:
        """Set mean and scale of each band from log-mels (..., bands, T) typical of the training set."""
        columns = mel.movedim(-2, 0).flatten(1)  # (bands, columns)
        self.mean.copy_(columns.mean(dim=1, keepdim=True))
        self.scale.copy_(1 / columns.std(dim=1, keepdim=True).clamp(min=0.1))

    @property
    def parameter_count(self) -> int:
        """Weights that training changes."""
        return sum(weights.numel() for weights in self.parameters())


@dataclass
class Checkpoint:
    """A network and all that is needed to use it, to judge it and to train it further."""

    network: Network
    features: FeatureConfig = field(default_factory=FeatureConfig)
    kinds: tuple[str, ...] = KIND_NAMES
    calibration: dict[str, Any] = field(default_factory=lambda: {"shift": 0.0})
    threshold: float = DEFAULT_THRESHOLD
    arguments: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    metrics: dict[str, Any] = field(default_factory=dict)
    training_state: dict[str, Any] = field(default_factory=dict)  # optimiser and counters, for --resume

    def description(self) -> dict[str, Any]:
        """All but tensors, as plain values."""
        return {
            "checkpoint_version": CHECKPOINT_VERSION,
            "model": asdict(self.network.config),
            "features": asdict(self.features),
            "kinds": list(self.kinds),
            "calibration": self.calibration,
            "threshold": self.threshold,
            "arguments": self.arguments,
            "seed": self.seed,
            "metrics": self.metrics,
        }


def save_checkpoint(checkpoint: Checkpoint, path: str | Path) -> None:
    """Write ``checkpoint`` whole or not at all: tensors and plain values, for ``load_checkpoint``."""
    content = checkpoint.description()
    weights = checkpoint.network.state_dict()
    content["weights"] = {name: value.detach().cpu() for name, value in weights.items()}
    content["training_state"] = checkpoint.training_state
    buffer = io.BytesIO()
    torch.save(content, buffer)
    write_whole(path, buffer.getvalue())


def load_checkpoint(path: str | Path, device: str = "cpu") -> Checkpoint:
    """Read a checkpoint; raises CheckpointError where it is missing, foreign, broken or of other features."""
    path = Path(path)
    content = _read_content(path)
    try:
        network = Network(_dataclass_from(ModelConfig, content["model"]))
        network.load_state_dict(content["weights"])
        features = _dataclass_from(FeatureConfig, content["features"])
        checkpoint = Checkpoint(
            network,
            features=features,
            kinds=tuple(str(kind) for kind in content["kinds"]),
            calibration=dict(content["calibration"]),
            threshold=float(content["threshold"]),
            arguments=dict(content["arguments"]),
            seed=int(content["seed"]),
            metrics=dict(content["metrics"]),
            training_state=dict(content.get("training_state", {})),
        )
        shift = float(checkpoint.calibration.get("shift", 0.0))
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise CheckpointError(f"{path}: not a checkpoint of this project ({_one_line(error)})") from None
    if features != FeatureConfig():
        raise CheckpointError(f"{path}: made for other features, {features}; needed: {FeatureConfig()}")
    finite = all(bool(torch.isfinite(value).all()) for value in network.state_dict().values())
    if not finite or not math.isfinite(shift) or not 0 <= checkpoint.threshold <= 1:
        raise CheckpointError(f"{path}: holds weights or a threshold that are no numbers; train it again")
    if checkpoint.kinds != KIND_NAMES or network.config.kinds != len(KIND_NAMES):
        found = ", ".join(checkpoint.kinds)
        raise CheckpointError(f"{path}: made for the kinds {found}; needed: {', '.join(KIND_NAMES)}")
    try:
        network.to(device)
    except (RuntimeError, AssertionError):
        raise CheckpointError(
            f"device {device!r} cannot be used here; it must be cpu, or cuda or mps where there is one"
        ) from None
    return checkpoint


def load_detector(path: str | Path, device: str = "cpu") -> "Detector":
    """Checkpoint -> callable on numpy arrays: log-mel (bands, T) to calibrated probabilities (1 + K, D)."""
    from cleaner.detect import Detector  # brings the sound file libraries, which training does without

    checkpoint = load_checkpoint(path, device)
    return Detector(
        network=numpy_network(checkpoint, device),
        context_frames=checkpoint.network.config.context_frames,
        threshold=checkpoint.threshold,
        name=Path(path).stem,
    )


class Probabilities(nn.Module):
    """Log-mel (bands, T) -> (1 + K, D): sigmoid of the shifted keep logit, then a softmax of the kinds."""

    def __init__(self, network: Network, shift: float):
        super().__init__()
        self.network: nn.Module = network
        self.shift = shift

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        logits = self.network(mel[None])[0]
        return torch.cat([torch.sigmoid(logits[:1] + self.shift), torch.softmax(logits[1:], dim=0)])


def probabilities_module(checkpoint: Checkpoint) -> Probabilities:
    """The checkpoint's network ready to answer: normalisation folded into its convolutions, calibrated."""
    network = Network(checkpoint.network.config).to(checkpoint.network.mean.device)
    network.load_state_dict(checkpoint.network.state_dict())
    network.eval().requires_grad_(False)
    for module in network.modules():
        if isinstance(module, ResidualBlock | ResidualBody | HourglassBody | Downsampling):
            module.conv = fuse_conv_bn_eval(module.conv, cast(nn.BatchNorm1d, module.norm))
            module.norm = nn.Identity()
    return Probabilities(network, float(checkpoint.calibration.get("shift", 0.0))).eval()


def numpy_network(checkpoint: Checkpoint, device: str = "cpu") -> Callable[[np.ndarray], np.ndarray]:
    """The checkpoint's network as a callable on numpy arrays: float32 (bands, T) -> float32 (1 + K, D)."""
    module = probabilities_module(checkpoint).to(device)
    if device == "cpu" and checkpoint.network.config.family != "plain":
        module.network = RowNetwork(cast(Network, module.network))

    def answer(mel: np.ndarray) -> np.ndarray:
        with torch.inference_mode(), one_thread():
            columns = torch.from_numpy(np.ascontiguousarray(mel, dtype=np.float32)).to(device)
            return module(columns).cpu().numpy()

    return answer


@contextmanager
def one_thread() -> Iterator[None]:
    """On small windows more threads cost more than they gain, and take the cores of the decoder."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def export_onnx(checkpoint: Checkpoint, path: str | Path) -> None:
    """Write the network that ``load_detector`` gives as ONNX: ``mel`` (bands, T) -> ``probabilities``.

    T is dynamic, from 1 up. The checkpoint's plain values are in the metadata, as JSON under ``checkpoint``,
    and ``context_frames`` beside them. Raises UsageError where the package onnx is missing.
    """
    try:
        import onnx
    except ModuleNotFoundError:
        raise UsageError("writing .onnx needs the package onnx: pip install onnx") from None

    module = probabilities_module(checkpoint).cpu()
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracing exporter is deprecated; the other needs onnxscript
        torch.onnx.export(
            module,
            (torch.zeros(checkpoint.features.mel_bands, 101),),
            cast(Any, buffer),  # its type hints know paths only
            input_names=["mel"],
            output_names=["probabilities"],
            dynamic_axes={"mel": {1: "frames"}, "probabilities": {1: "decisions"}},
            dynamo=False,
        )
    graph = onnx.load_from_string(buffer.getvalue())
    metadata = {
        "checkpoint": json.dumps(checkpoint.description()),
        "context_frames": str(checkpoint.network.config.context_frames),
    }
    onnx.helper.set_model_props(graph, metadata)
    write_whole(path, graph.SerializeToString())


def _read_content(path: Path) -> Mapping[str, Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a foreign file torch has several things to say
            content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such checkpoint") from None
    except pickle.UnpicklingError:
        raise CheckpointError(
            f"{path}: holds more than tensors and plain values, which could run anything: it is not loaded"
        ) from None
    except Exception as error:  # torch raises a dozen types for a foreign, hostile or truncated file
        raise CheckpointError(f"{path}: cannot be read as a checkpoint ({_one_line(error)})") from None
    if not isinstance(content, dict) or "checkpoint_version" not in content:
        raise CheckpointError(f"{path}: not a checkpoint of this project")
    if content["checkpoint_version"] != CHECKPOINT_VERSION:
        found = content["checkpoint_version"]
        raise CheckpointError(f"{path}: checkpoint version {found!r}, known is {CHECKPOINT_VERSION}")
    return content


def _dataclass_from(kind: type, values: Mapping[str, Any]) -> Any:
    known = {item.name for item in fields(kind)}
    if set(values) != known:
        raise ValueError(f"{kind.__name__} has fields {sorted(values)}")
    return kind(**{name: tuple(v) if isinstance(v, list) else v for name, v in values.items()})


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 160 else text[:157] + "..."


def main() -> int:
    """Turn a checkpoint into ONNX, as the command line says."""
    parser = Parser(description=__doc__)
    parser.add_argument("checkpoint", type=Path, metavar="CHECKPOINT", help="a trained network, .pt")
    parser.add_argument("output", type=Path, metavar="OUT", help="where it goes, .onnx")
    parser.add_argument("--force", action="store_true", help="overwrite what is there")
    given = parser.parse_args()
    if given.output.suffix != ".onnx":
        raise UsageError(f"{given.output} must end in .onnx")
    if given.output.exists() and not given.force:
        raise UsageError(f"{given.output} exists; --force overwrites it")
    export_onnx(load_checkpoint(given.checkpoint), given.output)
    return 0


if __name__ == "__main__":
    run(main)
