"""What the speed is measured on: one podcast repeated to the lengths and formats that are needed."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LONG_S = 5_856  # 97.6 minutes
SHORT_S = 30
TEN_HOURS_S = 36_000
BATCH_FILES, BATCH_S = 200, 180
_VBR = "4"  # LAME's V


@dataclass(frozen=True)
class Material:
    """Recordings in a folder of their own; each is made when it is first asked for."""

    podcast: Path
    folder: Path
    ffmpeg: str

    @property
    def long_mp3(self) -> Path:
        """97.6 minutes, 44.1 kHz stereo, variable bit rate."""
        return self._made("long.mp3", self._repeated(LONG_S, self.podcast))

    @property
    def long_wav(self) -> Path:
        """The same decoded to 16 bit."""
        return self._made("long.wav", ["-i", self.long_mp3, "-c:a", "pcm_s16le"])

    @property
    def long_flac(self) -> Path:
        """The same as FLAC."""
        return self._made("long.flac", ["-i", self.long_wav])

    @property
    def short_wav(self) -> Path:
        """30 seconds of it."""
        return self._made("short.wav", ["-i", self.long_wav, "-t", str(SHORT_S)])

    @property
    def second_wav(self) -> Path:
        """One second: what start-up costs."""
        return self._made("second.wav", ["-i", self.long_wav, "-t", "1"])

    def minutes(self, count: int, kind: str) -> Path:
        """So many minutes of it as ``mp3``, ``wav`` or ``flac``: whole files, as a program writes them."""
        mp3 = self._made(f"{count}_minutes.mp3", self._repeated(60 * count, self.podcast))
        if kind == "mp3":
            return mp3
        wav = self._made(f"{count}_minutes.wav", ["-i", mp3, "-c:a", "pcm_s16le"])
        return wav if kind == "wav" else self._made(f"{count}_minutes.{kind}", ["-i", wav])

    @property
    def ten_hours_mp3(self) -> Path:
        """Ten hours."""
        return self._made(
            "ten_hours.mp3", ["-stream_loop", "9", "-i", self.long_mp3, "-t", str(TEN_HOURS_S), "-c", "copy"]
        )

    def batch(self) -> Path:
        """A folder of 200 recordings of 3 minutes, each of another part."""
        folder = self.folder / "batch"
        folder.mkdir(exist_ok=True)
        for number in range(BATCH_FILES):
            start = str(number * 29 % (LONG_S - BATCH_S))
            self._made(
                f"batch/{number:03}.mp3",
                ["-ss", start, "-i", self.long_mp3, "-t", str(BATCH_S), "-c", "copy"],
            )
        return folder

    def _repeated(self, seconds: int, source: Path) -> list[str | Path]:
        return [
            "-stream_loop",
            "-1",
            "-i",
            source,
            "-t",
            str(seconds),
            "-ac",
            "2",
            "-ar",
            "44100",
            "-q:a",
            _VBR,
        ]

    def _made(self, name: str, arguments: Sequence[str | Path]) -> Path:
        path = self.folder / name
        if not path.exists():
            command = [
                self.ffmpeg,
                "-v",
                "error",
                "-y",
                *map(str, arguments),
                "-map_metadata",
                "-1",
                str(path),
            ]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        return path
