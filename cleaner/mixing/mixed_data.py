"""Mixed episodes as training tracks: made once into a pool on disk, drawn from in every epoch.

What mixes is imported when mixes are asked for: with scipy's filters it takes as long to start as torch.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from cleaner.cli import parse_positive_integer, setting
from cleaner.cores import usable_cores
from cleaner.interrupt import deaf_children
from cleaner.training.training_data import Track

if TYPE_CHECKING:
    from cleaner.mixing.pool import Pool
    from cleaner.mixing.teachers import Teacher


@dataclass(frozen=True)
class MixedSettings:
    """Where mixed episodes are kept, how many there are, who judges them."""

    teacher: str | None = setting(None, "folder of FireRedVAD's files; it and Silero VAD judge each mix")
    pool: str = setting("runs/pool", "folder where mixed episodes are kept; missing ones are made")
    pool_shards: int = setting(44, "files of 48 episodes in the pool", parse=parse_positive_integer)


ASIDE_SHARDS = 2
_HEARD_AT_ALL = 0.34
_ASIDE_SEED = 1_000_003  # added to the seed: episodes of the voices set aside


def mixed_tracks(folder: Path, settings: MixedSettings, seed: int) -> tuple[list[Track], list[Track]]:
    """Episodes to train on, with soft targets, and episodes of voices set aside, with hard ones.

    Raises UsageError where the folder has no manifest or a teacher's file is missing.
    """
    from cleaner.mixing.pool import load_pool, shard_path
    from cleaner.mixing.soft_targets import soft_target

    pools, place, sides = [], _place(folder, settings), []
    for aside, shards in ((False, settings.pool_shards), (True, ASIDE_SHARDS)):
        mixing = _Mixing(folder, aside, settings, seed + _ASIDE_SEED * aside)
        sides.append((mixing, [shard_path(place, mixing.seed, shard) for shard in range(shards)]))
    lacking = [mixing for mixing, paths in sides if not all(path.exists() for path in paths)]
    for mixing in lacking:
        _maker(mixing)  # what either side lacks is told before any is mixed
    for mixing, paths in sides:
        missing = [shard for shard, path in enumerate(paths) if not path.exists()]
        if missing:
            _make_shards(mixing, missing)
        pools.append(load_pool(paths))
    heard = None if settings.teacher is None else pools[0].teacher
    target = soft_target(pools[0].activity, pools[0].inside, pools[0].kind, heard)
    return _tracks(pools[0], target), _tracks(pools[1], hard_target(pools[1]))


def hard_target(pool: "Pool") -> np.ndarray:
    """What is surely to be kept, 1, and surely not, 0; the rest NaN: float32 (E, D).

    Speech that no teacher, if one was asked, hears at all is neither.
    """
    from cleaner.mixing.canvas import AFTER, PIECE
    from cleaner.mixing.soft_targets import audible

    heard = 1 / (1 + np.exp(-pool.teacher.astype(np.float32)))
    unheard = np.isfinite(heard) & ~audible(np.nan_to_num(heard), _HEARD_AT_ALL)
    kept = (pool.inside >= PIECE) & (pool.activity > 0.5)
    removed = (pool.inside != AFTER) & (pool.activity < 0.1)
    return np.select([kept & ~unheard, removed], [1.0, 0.0], np.nan).astype(np.float32)


def _tracks(pool: "Pool", target: np.ndarray) -> list[Track]:
    everywhere = np.zeros(target.shape[1], np.int64)
    return [
        Track(f"episode {index}", mel, target[index], pool.kind[index].astype(np.int64), everywhere)
        for index, mel in enumerate(pool.mel)
    ]


@dataclass(frozen=True)
class _Mixing:
    """What a process needs to know to make shards."""

    folder: Path
    aside: bool
    settings: MixedSettings
    seed: int


def _place(folder: Path, settings: MixedSettings) -> Path:
    from cleaner.mixing.episodes import MixSettings
    from cleaner.mixing.pool import pool_folder

    teacher = None if settings.teacher is None else Path(settings.teacher)
    return pool_folder(Path(settings.pool), folder, MixSettings(), teacher)


def _make_shards(mixing: _Mixing, shards: list[int]) -> None:
    """Make shards side by side, each whole or not at all; which process makes one does not matter to it."""
    processes = min(usable_cores(), len(shards))
    with tqdm(total=len(shards), desc="mixing", unit="shard", disable=None) as bar:
        if processes == 1:
            make = _maker(mixing)
            for shard in shards:
                make(shard)
                bar.update()
            return
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(mixing,)) as workers:
            try:
                with deaf_children():
                    made = [workers.submit(_make, shard) for shard in shards]
                for one in made:
                    one.result()
                    bar.update()
            except BaseException:  # Ctrl-C too: nobody wants what they are at any more
                for worker in multiprocessing.active_children():
                    worker.terminate()
                raise


def _maker(mixing: _Mixing) -> Callable[[int], None]:
    from cleaner.mixing.episodes import MixSettings
    from cleaner.mixing.material import Material
    from cleaner.mixing.pool import make_shard, shard_path

    teacher = _teacher(mixing.settings)
    material = Material(mixing.folder, set_aside=mixing.aside, teacher=teacher)
    place = _place(mixing.folder, mixing.settings)

    def make(shard: int) -> None:
        path = shard_path(place, mixing.seed, shard)
        make_shard(material, MixSettings(), teacher, mixing.seed, shard, path)

    return make


_make_here: Callable[[int], None] | None = None  # of a process that makes shards: its material stays decoded


def _begin(mixing: _Mixing) -> None:
    global _make_here
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _make_here = _maker(mixing)


def _end_with_parent() -> None:
    """However the parent ends, nobody is left who waits for its word."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _make(shard: int) -> None:
    assert _make_here is not None  # _begin ran first
    _make_here(shard)


def _teacher(settings: MixedSettings) -> "Teacher | None":
    if settings.teacher is None:
        return None
    from cleaner.mixing.teachers import TEACHERS, load_teacher, mean_logits

    return mean_logits([load_teacher(name, Path(settings.teacher)) for name in TEACHERS])
