"""Recording and cut list -> clean recording: read, shade, splice, write; tags and chapters come along."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cleaner.audio import (
    AudioInfo,
    Chapter,
    Id3Tag,
    Original,
    OutputFormat,
    Recording,
    Untouched,
    Writer,
    blocks_ahead,
    is_plain,
    output_format,
)
from cleaner.audio.carried import without_gain
from cleaner.audio.loudness import at_gain, gain_for, missed_loudness
from cleaner.cutting.room_tone import RoomTone
from cleaner.cutting.shade import shaded, shades
from cleaner.dc_offset import HEARD_S, dc_offset
from cleaner.pipeline import prefetch
from cleaner.samples import full_scale, to_float
from cleaner.segments import CutList, TimeMap
from cleaner.splice import JoinSettings, joins, splice, untouched


@dataclass(frozen=True)
class Rendered:
    """What was written, and what a person should know of it: of the reading and of the format."""

    samples: int
    warnings: tuple[str, ...]


def render(
    recording: Recording,
    cut_list: CutList,
    output: str | Path,
    join: JoinSettings | None = None,
    tap: Callable[[np.ndarray], None] | None = None,
    overwrite: bool = False,
    loudness_lufs: float | None = None,
    jobs: int | None = None,
) -> Rendered:
    """Write the clean recording to ``output``, whole or not at all.

    Format, tags and cover are the recording's, as far as the extension of ``output`` can hold them. ``tap``
    is shown every source block on its way. With ``loudness_lufs`` the result is made to be measured first,
    more than once where peaks are limited, then to be written at that loudness, without the tags that tell
    players a gain. ``jobs`` threads encode, all cores without it, and the result is the same. Raises
    AudioFileError where nothing can be written, CutListError where the cut list is longer than the recording.
    """
    info = recording.info if loudness_lufs is None else without_gain(recording.info)
    form = output_format(info, Path(output).suffix)
    chapters = moved_chapters(info.chapters, cut_list)
    samples, missed = 0, None
    with Writer(
        output,
        form,
        tags=info.tags,
        cover=info.cover,
        chapters=chapters,
        overwrite=overwrite,
        jobs=jobs,
        original=None if loudness_lufs is not None else original_of(recording, form, cut_list, join),
        id3=moved_tag(info, cut_list),
        broadcast=info.broadcast,
    ) as writer:
        blocks = rendered_blocks(recording, cut_list, join, tap)
        if loudness_lufs is not None:
            gain = gain_for(lambda: prefetch(rendered_blocks(recording, cut_list, join)), info, loudness_lufs)
            blocks = at_gain(blocks, info, gain)
            missed = missed_loudness(gain, loudness_lufs)
        for block in prefetch(blocks):
            samples += block.shape[1]
            writer.write(block)
    return Rendered(samples, (*recording.warnings, *writer.warnings, *([missed] if missed else [])))


def rendered_blocks(
    recording: Recording,
    cut_list: CutList,
    join: JoinSettings | None = None,
    tap: Callable[[np.ndarray], None] | None = None,
) -> Iterator[np.ndarray]:
    """The result in blocks ``(C, n)`` of the recording's own sample type."""
    join = join or JoinSettings()
    offset = _offset_of(recording, cut_list.source.samples)
    blocks = _tapped(blocks_ahead(recording, cut_list.source.samples, recording.is_packed), tap)
    stretches = shades(cut_list, joins(cut_list, join))
    if stretches:
        tone = RoomTone(cut_list.segments, cut_list.source.sample_rate, reader_of(recording))
        blocks = shaded(blocks, stretches, tone.fill, offset)
    return splice(blocks, cut_list, join, offset)


def _offset_of(recording: Recording, samples: int) -> np.ndarray | float:
    """Where silence lies in each channel, ``(C, 1)`` on the scale of the sample type."""
    info = recording.info
    stop = min(samples, HEARD_S * info.sample_rate_hz)
    beginning = [to_float(block) for block in recording.blocks(stop=stop)]
    offset = dc_offset(np.concatenate(beginning, axis=1), info.sample_rate_hz) if beginning else None
    return 0.0 if offset is None else offset * full_scale(info.sample_type)


def original_of(
    recording: Recording, form: OutputFormat, cut_list: CutList, join: JoinSettings | None
) -> Original | None:
    """What of an undamaged recording goes into a result of the same form as it is, to be copied there."""
    if recording.warnings or not _can_be_copied(recording, form):
        return None
    join = join or JoinSettings()
    shaded_spans = [(shade.start, shade.end) for shade in shades(cut_list, joins(cut_list, join))]
    spans = [Untouched(*span) for span in untouched(cut_list, join, shaded_spans)]
    return Original(recording.path, cut_list.source.samples, cut_list.result_samples(), spans)


def _can_be_copied(recording: Recording, form: OutputFormat) -> bool:
    """Frames of an mp3, samples of a wav; but floats are looked at one by one, as some may be no numbers."""
    info = recording.info
    if form.muxer == "mp3":
        return info.grid_samples > 1
    same_words = is_plain(form) and form.encoder == info.codec and info.sample_type.kind != "f"
    return same_words and not recording.needs_a_decoder


def reader_of(recording: Recording) -> Callable[[int, int], np.ndarray]:
    """Read any stretch of a recording in one piece, by seeking: start and end in samples -> ``(C, n)``."""

    def read(start: int, end: int) -> np.ndarray:
        return np.concatenate(list(recording.blocks(start, end)), axis=1)

    return read


def moved_chapters(chapters: tuple[Chapter, ...], cut_list: CutList) -> tuple[Chapter, ...]:
    """Chapters where they lie in the result; one whose whole stretch was cut is gone."""
    time_map = TimeMap(cut_list)
    moved = [
        replace(chapter, start=time_map.to_result(chapter.start), end=time_map.to_result(chapter.end))
        for chapter in chapters
    ]
    return tuple(chapter for chapter in moved if chapter.start < chapter.end)


def moved_tag(info: AudioInfo, cut_list: CutList) -> Id3Tag | None:
    """The tag of an mp3 file as its result gets it, its chapters where they lie there."""
    if info.id3 is None:
        return None
    time_map, per_ms = TimeMap(cut_list), info.sample_rate_hz / 1_000
    return info.id3.moved(lambda ms: round(time_map.to_result(round(ms * per_ms)) / per_ms))


def _tapped(blocks: Iterator[np.ndarray], tap: Callable[[np.ndarray], None] | None) -> Iterator[np.ndarray]:
    for block in blocks:
        if tap:
            tap(block)
        yield block
