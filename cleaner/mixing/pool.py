"""Mixed episodes on disk, made once, with teachers' answers, so that epochs need not mix anew.

A shard is a ``.npz`` of ``SHARD_EPISODES`` episodes; shard ``k`` of a seed holds the episodes from
``k * SHARD_EPISODES`` on, whoever makes it and in whatever order. What is mixed of other sounds, in another
way or with another judge lies in a folder of its own. Pools lie outside git.
"""

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cleaner.features import log_mel
from cleaner.files import write_whole
from cleaner.mixing.episodes import Episode, MixSettings, episodes
from cleaner.mixing.material import Material
from cleaner.mixing.teachers import FIREREDVAD_FILES
from cleaner.sound_list import manifest_of, sounds_in

SHARD_EPISODES = 48


@dataclass
class Pool:
    """Episodes side by side; E of them, T frames and D decisions each.

    ``mel`` float16 ``(E, 64, T)``; ``activity`` float16, ``inside`` uint8, ``kind`` int8 and ``teacher``
    float16 ``(E, D)``, the last NaN where no teacher answered.
    """

    mel: np.ndarray
    activity: np.ndarray
    inside: np.ndarray
    kind: np.ndarray
    teacher: np.ndarray


def pool_folder(pools: Path, sounds: Path, settings: MixSettings, teacher: Path | None) -> Path:
    """Where the episodes lie that are mixed of the folder ``sounds``, judged by the files in the folder
    ``teacher`` if one is named.

    Other files under the same names make another pool: told by size and time, as reading them would take
    minutes.
    """
    files = [sound.path for sound in sounds_in(sounds)]
    files += [teacher / name for name in FIREREDVAD_FILES] if teacher else []
    states = [(stat.st_size, stat.st_mtime_ns) for stat in (path.stat() for path in files if path.is_file())]
    said = repr((Path(sounds).name, settings, teacher is not None, states)).encode()
    return Path(pools) / hashlib.sha256(manifest_of(sounds).read_bytes() + said).hexdigest()[:8]


def shard_path(folder: Path, seed: int, shard: int) -> Path:
    """Where shard number ``shard`` of a seed lies."""
    return Path(folder) / f"mix-{seed}-{shard:04d}.npz"


def make_shard(
    material: Material, settings: MixSettings, teacher: Callable | None, seed: int, shard: int, path: Path
) -> None:
    """Mix, judge and write one shard, whole or not at all."""
    source = episodes(material, settings, seed, start=shard * SHARD_EPISODES)
    rows = [_row(next(source), teacher) for _ in range(SHARD_EPISODES)]
    arrays = [np.stack(column) for column in zip(*rows, strict=True)]
    buffer = io.BytesIO()
    named: dict[str, Any] = dict(zip(Pool.__dataclass_fields__, arrays, strict=True))
    np.savez(buffer, **named)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, buffer.getvalue())


def load_pool(paths: list[Path]) -> Pool:
    """Several shards as one pool in memory, about 0.7 MB for an episode of 20 s."""
    shards = [np.load(path) for path in paths]
    return Pool(*(np.concatenate([shard[name] for shard in shards]) for name in Pool.__dataclass_fields__))


def _row(episode: Episode, teacher: Callable | None) -> tuple[np.ndarray, ...]:
    mel = log_mel(episode.samples).astype(np.float16)
    unheard = np.full(len(episode.activity), np.nan)
    answer = unheard if teacher is None else teacher(episode.samples)
    return (
        mel,
        episode.activity.astype(np.float16),
        episode.inside,
        episode.kind,
        answer.astype(np.float16),
    )
