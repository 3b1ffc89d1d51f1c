"""Train a network on reviewed clips, or on mixed episodes.

    python train.py                              # reviewed clips of data/, from the shipped weights
    python train.py --data data --init none      # from scratch
    python train.py --resume                     # go on with what was interrupted
    python train.py --mix sounds --teacher models --out runs/mix    # the way the shipped weights are made

The run's folder gets best.pt, last.pt, metrics.jsonl and curves.png, and
`python infer.py episode.mp3 --checkpoint runs/train/best.pt` uses what was learnt.
"""

if __name__ == "__main__":
    from cleaner.interrupt import leave_at_once

    leave_at_once()  # the imports below take a moment, too

import copy
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from cleaner.cli import (
    Parser,
    add_options,
    options_from,
    parse_positive_integer,
    parse_seed,
    run,
    said_settings,
    setting,
)
from cleaner.dataset import load_dataset
from cleaner.detect import Detector, detect_features
from cleaner.errors import CheckpointError, TrainingError, UsageError
from cleaner.files import write_whole
from cleaner.frames import DECISION_FRAMES, DECISIONS_PER_S
from cleaner.kinds import KIND_NAMES
from cleaner.metrics import auc, frame_figures, without_collar
from cleaner.mixing.mixed_data import MixedSettings, mixed_tracks
from cleaner.plot import save_figure
from cleaner.segments import DEFAULT_THRESHOLD
from cleaner.strict_json import text_of
from cleaner.training.augment import AugmentSettings, change_sound
from cleaner.training.calibration import calibrate, logit
from cleaner.training.losses import label_loss, rehearsal_loss
from cleaner.training.rehearsal import unfamiliar, varied
from cleaner.training.training_data import (
    Batch,
    Crops,
    Track,
    check_enough,
    check_share,
    joined,
    split,
    tracks_of,
    truth_digest,
)
from model import MODELS, Checkpoint, Network, load_checkpoint, save_checkpoint

SHIPPED = Path(__file__).parent / "weights" / "default.pt"

MIXED_GAIN_DB = 6.0  # mixed episodes come at all levels, and how loud a sound is tells what it is
MIN_EPOCH_STEPS = 12  # few labels are gone through more than once an epoch
WARM_UP = 0.2  # of all steps, until the learning rate is at its highest


@dataclass(frozen=True)
class TrainSettings:
    """What is trained, on what, for how long."""

    data: str | None = setting(
        None, "folder of labelled clips; data where no --mix is given", metavar="FOLDER"
    )
    mix: str | None = setting(
        None, "folder of sounds to mix episodes from, described by its manifest.csv", metavar="FOLDER"
    )
    out: str = setting("runs/train", "folder of the run", metavar="FOLDER")
    model: str = setting("default", "network to train from scratch", choices=tuple(MODELS))
    init: str | None = setting(
        None,
        "weights to begin with: a checkpoint, or none; the shipped ones where there are labels",
        metavar="CHECKPOINT",
    )
    epochs: int = setting(24, "passes", parse=parse_positive_integer)
    batch: int = setting(16, "crops in a step", parse=parse_positive_integer)
    crop_s: float = setting(8.0, "length of a crop")
    learning_rate: float = setting(0.004, "highest learning rate")
    weight_decay: float = setting(0.02, "pull of AdamW towards small weights")
    validation_share: float = setting(0.15, "share of the labels that is set aside")
    patience: int = setting(8, "epochs without progress before training stops", parse=parse_positive_integer)
    average: float = setting(0.99, "how much of the running average of the weights stays at each step")
    rehearse: float = setting(
        0.25, "how much it counts beside the labels that fine-tuning answers other sounds as before"
    )
    blend: float = setting(1.0, "how far training goes from the weights it began with to what was learnt")
    seed: int = setting(0, "decides what is drawn; the same seed gives the same weights", parse=parse_seed)
    device: str = setting("cpu", "where to train: cpu or cuda")


@dataclass
class State:
    """All that changes while training; what ``--resume`` needs to go on as if nothing had happened."""

    network: Network
    average: Network  # the running average of its weights
    optimiser: torch.optim.Optimizer
    initial: Checkpoint | None  # what training began with, where it did not begin from scratch
    held: Network | None  # the same, where labels fine-tune it: beyond what they say it stays as it was
    epoch: int = 0
    best: float = -math.inf
    stale: int = 0  # epochs since the best
    history: list[dict[str, Any]] = field(default_factory=list)
    truth: str = ""  # digest of the labels that it learns from and is judged by


@dataclass(frozen=True)
class Job:
    """What stays the same from the first step to the last."""

    settings: TrainSettings
    augment: AugmentSettings
    arguments: dict[str, Any]  # all settings by name, as they are kept in the checkpoint
    sources: Sequence[Crops]
    validation: Sequence[Track]
    truth: str  # digest of the labels and of what validates
    epoch_steps: int

    @property
    def steps(self) -> int:
        return self.settings.epochs * self.epoch_steps


def main() -> int:
    parser = Parser(description=__doc__)
    add_options(parser, TrainSettings)
    add_options(parser, AugmentSettings, "augmentation")
    add_options(parser, MixedSettings, "mixed episodes")
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out")
    parser.add_argument("--force", action="store_true", help="begin anew where --out holds a run")
    arguments = parser.parse_args()
    train(
        options_from(arguments, TrainSettings),
        options_from(arguments, AugmentSettings),
        options_from(arguments, MixedSettings),
        resume=arguments.resume,
        force=arguments.force,
        said=said_settings(parser, arguments),
    )
    return 0


def train(
    settings: TrainSettings,
    augment: AugmentSettings | None = None,
    mixed: MixedSettings | None = None,
    resume: bool = False,
    force: bool = False,
    quiet: bool = False,
    stop_after: int | None = None,
    said: Collection[str] | None = None,
) -> Path:
    """Train as ``settings`` say; returns the path of the best checkpoint. Progress goes to standard error.

    ``resume`` goes on with the settings that the run was begun with; others in ``said``, names of settings
    (None: all that are not at their default), are refused. ``stop_after`` ends the run after so many epochs,
    as an interruption would. Raises CleanerError for settings and data that cannot be meant, before anything
    is written.
    """
    augment, mixed, out = augment or AugmentSettings(), mixed or MixedSettings(), Path(settings.out)
    if resume and (out / "last.pt").exists():
        begun = load_checkpoint(out / "last.pt").arguments
        settings, augment, mixed = (_as_begun(part, begun, said) for part in (settings, augment, mixed))
    settings = _completed(settings)
    if not settings.data:
        augment = replace(augment, gain_db=min(augment.gain_db, MIXED_GAIN_DB))
    arguments = asdict(settings) | asdict(augment) | asdict(mixed)
    _check_folder(out, resume, force)
    torch.manual_seed(settings.seed)
    state = _resumed(out, settings, arguments) if resume else _begun(settings)
    job = _job(settings, augment, mixed, arguments, state)
    if resume and state.truth != job.truth:
        what = f"labels of {settings.data}" if settings.data else f"sounds of {settings.mix}"
        raise UsageError(f"{what} have changed since {out} was begun; begin anew with --force")
    state.truth = job.truth
    out.mkdir(parents=True, exist_ok=True)
    if not resume:
        _begin(state, job, out)

    done = state.epoch * job.epoch_steps
    with tqdm(total=job.steps, initial=done, disable=quiet or None, unit="step", mininterval=0.5) as bar:
        while state.epoch < job.settings.epochs and state.stale < settings.patience:
            first = state.epoch * job.epoch_steps
            losses = []
            for step in range(first, first + job.epoch_steps):
                losses.append(train_step(state, job, step))
                _check_finite(losses[-1], state.epoch + 1, state, job)
                update_average(state, min(settings.average, (step + 1) / (step + 10)))
                bar.update()
            state.epoch += 1
            _judge(state, job, float(np.mean(losses)), out)
            bar.set_postfix(loss=f"{losses[-1]:.3f}", auc=f"{state.history[-1]['auc']:.4f}")
            if stop_after and state.epoch >= stop_after:
                break

    draw_curves(state.history, out / "curves.png")
    if not quiet:
        print(report(out / "best.pt", state.initial, job.validation))
    return out / "best.pt"


def train_step(state: State, job: Job, step: int) -> float:
    """Step number ``step`` of AdamW; what it draws follows from the seed and the step. Returns the loss."""
    settings = job.settings
    rng = np.random.default_rng([settings.seed, step])
    batch = _batch(job, rng, vary=state.held is not None)
    strange = unfamiliar(batch.mel, rng) if state.held and settings.rehearse else None
    torch.manual_seed(settings.seed + step)
    for group in state.optimiser.param_groups:
        group["lr"] = settings.learning_rate * one_cycle(step / job.steps)
    state.network.train()
    if state.held:
        _keep_statistics(state.network)
    loss = loss_of(state, batch, strange, settings.rehearse)
    state.optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(state.network.parameters(), 1.0)
    state.optimiser.step()
    return loss.item()


def update_average(state: State, share: float) -> None:
    """Move the average towards the network's weights; ``share`` of it stays (Polyak and Juditsky, 1992)."""
    move(state.average, state.network, 1 - share)


@torch.no_grad()
def move(network: Network, towards: Network, share: float) -> None:
    """Move the weights of a network by ``share`` of the way to another's; counters become the other's."""
    goal = towards.state_dict()
    for name, value in network.state_dict().items():
        if value.dtype.is_floating_point:
            value.lerp_(goal[name], share)
        else:
            value.copy_(goal[name])


def blended(state: State, share: float) -> Network:
    """What is judged and saved: the average, or where training began with other weights, ``share`` of it.

    Part of the way back it still knows the other voices, and is no worse on the labelled ones (Wortsman et
    al., *Robust fine-tuning of zero-shot models*, 2022).
    """
    if state.initial is None:
        return state.average
    network = copy.deepcopy(state.initial.network)
    move(network, state.average, share)
    return network


def loss_of(state: State, batch: Batch, strange: np.ndarray | None, rehearse: float) -> torch.Tensor:
    """The loss over what is labelled, and ``rehearse`` times that of forgetting what was known of ``strange``
    sounds, float32 (B, bands, T)."""
    device = state.network.mean.device
    arrays = (batch.mel, batch.target, batch.kinds)
    mel, target, kinds = (torch.from_numpy(array).to(device) for array in arrays)
    loss = label_loss(state.network, state.held, mel, target, kinds)
    if state.held is None or strange is None:
        return loss
    heard = torch.from_numpy(strange).to(device)
    return loss + rehearse * rehearsal_loss(state.network, state.held, heard)


def one_cycle(progress: float) -> float:
    """Share of the highest learning rate at ``progress`` in [0, 1]: up from 1/25, then down to nearly nothing
    (Smith and Topin, *Super-Convergence*, 2018)."""
    if progress < WARM_UP:
        return 0.04 + 0.96 * (1 - math.cos(math.pi * progress / WARM_UP)) / 2
    return 1e-4 + (1 - 1e-4) * (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP))) / 2


def validate(network: Network, tracks: Sequence[Track]) -> tuple[np.ndarray, np.ndarray]:
    """Keep logits and truth over tracks laid end to end: float32 (D,) each."""
    network.eval()
    detector = Detector(_logits_callable(network), network.config.context_frames)
    logits = [detect_features(detector, track.mel.astype(np.float32))[0] for track in tracks]
    return np.concatenate(logits), np.concatenate([track.target for track in tracks])


def report(best: Path, initial: Checkpoint | None, validation: Sequence[Track]) -> str:
    """The table at the end: the best checkpoint on what was set aside, below the weights it began with."""
    rows = ["on what was set aside     recall  precision  removed     AUC"]
    for name, checkpoint in (("before", initial), ("trained", load_checkpoint(best))):
        if checkpoint is None:
            continue
        logits, truth = validate(checkpoint.network, validation)
        chosen = logit(DEFAULT_THRESHOLD) - checkpoint.calibration["shift"]
        figures = frame_figures(logits, truth, chosen)
        for place, recall, precision, removed in (
            (f"at {DEFAULT_THRESHOLD}", figures.recall, figures.precision, figures.removed),
            ("at 99 % recall", figures.at_recall, figures.precision_at_recall, figures.removed_at_recall),
        ):
            shares = f"{recall:7.3f}  {precision:9.3f}  {removed:7.3f}  {figures.auc:6.4f}"
            rows.append(f"{name:8} {place:14}  {shares}")
    return "\n".join([*rows, f"best checkpoint: {best}"])


def draw_curves(history: Sequence[dict[str, float]], path: Path) -> None:
    """Losses, AUC and share removed against the epoch, as a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), dpi=120, layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = [row["epoch"] for row in history]
    for axes, names in ((left, ("loss", "validation_loss")), (right, ("auc", "removed_at_99"))):
        for name in names:
            axes.plot(epochs, [row[name] for row in history], marker=".", label=name.replace("_", " "))
        axes.set_xlabel("epoch")
        axes.legend()
    save_figure(figure, path)


# --- where the run stands ---------------------------------------------------------------------------------


def _completed(settings: TrainSettings) -> TrainSettings:
    """Fill in what depends on other settings, and refuse what cannot be meant."""
    check_share(settings.validation_share)
    _check_range("--crop", settings.crop_s, 1.0, 120.0)
    _check_range("--average", settings.average, 0.0, 0.9999)
    _check_range("--weight-decay", settings.weight_decay, 0.0, 1.0)
    _check_range("--learning-rate", settings.learning_rate, 0.0, 10.0)
    _check_range("--rehearse", settings.rehearse, 0.0, 100.0)
    _check_range("--blend", settings.blend, 0.0, 1.0)
    data = settings.data or (None if settings.mix else "data")
    if data and settings.mix and settings.batch < 2:
        raise UsageError("--batch is 1; with --data and --mix it must be at least 2, one crop of each")
    init = settings.init or (str(SHIPPED) if data and settings.model == "default" else "none")
    if init != "none" and settings.model != "default":
        raise UsageError(f"--model {settings.model} begins from scratch: leave --init out or say none")
    return replace(
        settings,
        data=data,
        init=init,
        # Mixed episodes never run dry, so a run on them alone goes to the end of its cycle.
        patience=settings.patience if data else settings.epochs,
    )


def _as_begun(settings: Any, begun: dict[str, Any], said: Collection[str] | None) -> Any:
    """``settings`` with what the run was begun with in place of what was not said."""
    if said is None:
        said = [item.name for item in fields(settings) if getattr(settings, item.name) != item.default]
    unsaid = {item.name for item in fields(settings)} - {*said, "out", "device"}
    return replace(settings, **{name: begun[name] for name in unsaid if name in begun})


def _check_range(option: str, value: float, lowest: float, highest: float) -> None:
    if not lowest <= value <= highest:
        raise UsageError(f"{option} is {value:g}; it must be from {lowest:g} to {highest:g}")


def _check_folder(out: Path, resume: bool, force: bool) -> None:
    there = (out / "last.pt").exists()
    if resume and not there:
        raise CheckpointError(f"{out / 'last.pt'}: no such checkpoint, so there is nothing to resume")
    if there and not (resume or force):
        raise UsageError(f"{out} holds a run: go on with --resume, begin anew with --force, or name another")


def _begun(settings: TrainSettings) -> State:
    if settings.init == "none":
        return _state(Network(MODELS[settings.model]), None, settings)
    if Path(str(settings.init)).suffix == ".onnx":
        raise CheckpointError(f"--init {settings.init} cannot be trained; give the .pt that it was made of")
    initial = load_checkpoint(str(settings.init))
    return _state(copy.deepcopy(initial.network), initial, settings)


def _resumed(out: Path, settings: TrainSettings, arguments: dict[str, Any]) -> State:
    last = load_checkpoint(out / "last.pt")
    for name, value in last.arguments.items():
        if name not in ("out", "device") and arguments.get(name) != value:
            raise UsageError(
                f"{out} was begun with {name} = {value}, not {arguments.get(name)}; to learn on in another "
                f"way, say --init {out / 'best.pt'} and another --out"
            )
    saved = dict(last.training_state)
    if "truth" not in saved:
        raise CheckpointError(
            f"{out / 'last.pt'} holds no training state, so it cannot be resumed; begin anew with --force"
        )
    state = _state(last.network, _initial_from(saved.pop("initial"), last.network), settings)
    state.network.load_state_dict(saved.pop("network"))
    state.average.load_state_dict(saved.pop("average"))
    state.optimiser.load_state_dict(saved.pop("optimiser"))
    return replace(state, **saved)


def _initial_from(saved: dict[str, Any] | None, alike: Network) -> Checkpoint | None:
    """What training began with, as the run kept it: the file may be another by now, or elsewhere."""
    if saved is None:
        return None
    network = copy.deepcopy(alike)
    network.load_state_dict(saved["weights"])
    return Checkpoint(network, calibration=saved["calibration"])


def _state(network: Network, initial: Checkpoint | None, settings: TrainSettings) -> State:
    try:
        network.to(settings.device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"--device {settings.device} cannot be used: {reason}") from None
    if initial:
        initial.network.to(settings.device).eval().requires_grad_(False)
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.0, weight_decay=settings.weight_decay)
    held = initial.network if initial and settings.data else None
    return State(network, copy.deepcopy(network), optimiser, initial, held)


def _begin(state: State, job: Job, out: Path) -> None:
    """From scratch: set the scale of the features. Else: judge the weights that are there, as epoch 0."""
    if state.initial:
        _judge(state, job, None, out)
        return
    rng = np.random.default_rng(job.settings.seed)
    sample = np.concatenate([source.draw(rng, 64).mel for source in job.sources])
    state.network.standardise_with(torch.from_numpy(sample))
    state.average.load_state_dict(state.network.state_dict())


def _judge(state: State, job: Job, loss: float | None, out: Path) -> None:
    """Validate, remember, and write last.pt, metrics.jsonl and, where this is the best epoch yet, best.pt.

    The best epoch is the one with the highest AUC on what was set aside.
    """
    network = blended(state, job.settings.blend)
    logits, truth = validate(network, job.validation)
    _check_finite(logits, state.epoch, state, job)
    figures = _figures(logits, truth)
    if not state.history:
        for name in ("last.pt", "best.pt", "metrics.jsonl", "curves.png"):  # of a run that this one replaces
            (out / name).unlink(missing_ok=True)
    row = {"epoch": state.epoch, "epochs": job.settings.epochs, "loss": loss, **figures}
    state.history.append(row)
    score = figures["auc"] if math.isfinite(figures["auc"]) else -figures["validation_loss"]
    state.stale = 0 if score > state.best else state.stale + 1
    state.best = max(score, state.best)
    prior_shift = state.initial.calibration["shift"] if state.initial and state.held else None
    checkpoint = Checkpoint(
        network,
        kinds=KIND_NAMES,
        calibration=calibrate(logits, _sure(truth, job.settings), prior_shift),
        arguments=job.arguments,
        seed=job.settings.seed,
        metrics=row,
    )
    if state.stale == 0:
        save_checkpoint(checkpoint, out / "best.pt")
    checkpoint.training_state = {
        "network": state.network.state_dict(),
        "average": state.average.state_dict(),
        "optimiser": state.optimiser.state_dict(),
        "epoch": state.epoch,
        "best": state.best,
        "stale": state.stale,
        "history": state.history,
        "initial": state.initial
        and {"weights": state.initial.network.state_dict(), "calibration": state.initial.calibration},
        "truth": state.truth,
    }
    save_checkpoint(checkpoint, out / "last.pt")
    lines = "".join(text_of(row) + "\n" for row in state.history)
    write_whole(out / "metrics.jsonl", lines.encode())


def _check_finite(values: np.ndarray | float, epoch: int, state: State, job: Job) -> None:
    """Raise TrainingError where losses or logits are no numbers any more."""
    if np.isfinite(values).all():
        return
    best = Path(job.settings.out) / "best.pt"
    kept = f"{best} keeps the best epoch before" if state.history else "nothing was saved"
    raise TrainingError(
        f"training diverged in epoch {epoch}; {kept}. "
        f"Begin anew with --force and a --learning-rate below {job.settings.learning_rate:g}"
    )


def _sure(truth: np.ndarray, settings: TrainSettings) -> np.ndarray:
    """Truth to calibrate on: hand-made edges jitter by a frame or two, mixed ones are exact."""
    return without_collar(truth) if settings.data else truth


def _figures(logits: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    known = np.isfinite(truth)
    log_loss = np.logaddexp(0, logits[known]) - truth[known] * logits[known]
    figures = frame_figures(logits, truth)
    return {
        "validation_loss": float(log_loss.mean()),
        "auc": auc(logits, truth),
        "removed_at_99": figures.removed_at_recall,
        "precision_at_99": figures.precision_at_recall,
    }


# --- what it draws from -----------------------------------------------------------------------------------


def _job(
    settings: TrainSettings,
    augment: AugmentSettings,
    mixed: MixedSettings,
    arguments: dict[str, Any],
    state: State,
) -> Job:
    """Read or mix what is learnt from. Where there are labels, they come first and validate."""
    margin = state.network.config.context_frames // DECISION_FRAMES
    training: list[Sequence[Track]] = []
    labelled: list[Track] = []
    validation: list[Track] = []
    if settings.data:
        tracks = tracks_of(load_dataset(settings.data))
        check_enough(tracks, settings.data)
        labelled, validation = split(tracks, settings.validation_share, margin)
        training.append(labelled)
    if settings.mix:
        episodes, aside = mixed_tracks(Path(settings.mix), mixed, settings.seed)
        training.append(episodes)
        validation = validation or aside
    crop = round(settings.crop_s * DECISIONS_PER_S)
    sources = [Crops(tracks, crop) for tracks in training]
    a_pass = math.ceil(sources[0].known_decisions / (settings.batch * crop))
    truth = truth_digest([*labelled, *validation])
    return Job(settings, augment, arguments, sources, validation, truth, max(MIN_EPOCH_STEPS, a_pass))


def _batch(job: Job, rng: np.random.Generator, vary: bool) -> Batch:
    """Crops from all sources, the labelled ones perhaps varied: mixed episodes are of many voices already."""
    shares = np.diff(np.linspace(0, job.settings.batch, len(job.sources) + 1).round().astype(int))
    drawn = [source.draw(rng, int(crops)) for source, crops in zip(job.sources, shares, strict=True)]
    batch = joined(drawn)
    mel = change_sound(batch.mel, rng, job.augment)
    if vary:
        labelled = len(drawn[0].mel)
        mel[:labelled] = varied(mel[:labelled], rng)
    return replace(batch, mel=mel)


def _keep_statistics(network: Network) -> None:
    """Fine-tuning leaves the normalisation's statistics alone: a batch of one voice would bend them."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.eval()


def _logits_callable(network: Network) -> Callable[[np.ndarray], np.ndarray]:
    def answer(mel: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return network(torch.from_numpy(mel)[None].to(network.mean.device))[0].cpu().numpy()

    return answer


if __name__ == "__main__":
    run(main)
