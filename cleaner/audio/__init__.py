"""The only door for sound files: blocks of samples in, blocks of samples out, tags and all.

with open_recording("episode.mp3") as recording:
    for block in recording.blocks():       # (channels, n), the decoder's own sample type
        ...
"""

from cleaner.audio.ahead import blocks_ahead
from cleaner.audio.analysis import analysis_blocks
from cleaner.audio.clips import clip_info, read_clip, write_clip
from cleaner.audio.containers import CONTAINERS
from cleaner.audio.formats import OutputFormat, output_format, output_suffix
from cleaner.audio.info import AudioInfo, Chapter, Cover
from cleaner.audio.mp3.id3 import Id3Tag
from cleaner.audio.original import Original, Untouched
from cleaner.audio.plain_sink import is_plain
from cleaner.audio.reader import Recording, open_recording
from cleaner.audio.writer import Writer

__all__ = [
    "CONTAINERS",
    "AudioInfo",
    "Chapter",
    "Cover",
    "Id3Tag",
    "Original",
    "OutputFormat",
    "Recording",
    "Untouched",
    "Writer",
    "analysis_blocks",
    "blocks_ahead",
    "clip_info",
    "is_plain",
    "open_recording",
    "output_format",
    "output_suffix",
    "read_clip",
    "write_clip",
]
