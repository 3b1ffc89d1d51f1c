"""The commands that ``speed.py`` compares: this tool's own, FFmpeg's, and bare decoding."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from children import Cost, cost_of, python
from material import Material

ROOT = Path(__file__).resolve().parents[1]
TORCH = ROOT / "weights" / "default.pt"
_DECODE_AND_RESAMPLE = """
import sys, av
with av.open(sys.argv[1]) as container:
    resampler = av.AudioResampler("flt", "mono", 16_000)
    for frame in container.decode(audio=0):
        resampler.resample(frame)
"""
_IS_TORCH_FREE = f"""
import sys
sys.argv = ["infer.py", *sys.argv[1:]]
sys.path.insert(0, {str(ROOT)!r})
import infer
code = infer.main()
sys.exit(code or ("torch" in sys.modules and "torch was imported"))
"""
_MP3_OPTIONS = """
import sys
from cleaner.audio import open_recording, output_format
output = output_format(open_recording(sys.argv[1]).info, ".mp3")
if output.mp3_quality is not None:
    print("-q:a", output.mp3_quality)
else:
    print(*["-abr", "1"] * output.variable_bit_rate, "-b:a", output.bit_rate)
"""


class Bench:
    """Commands and what they cost; within one run a command of the same name is measured once.

    ``seconds`` gathers what each took, over all runs.
    """

    def __init__(self, material: Material, labels: Path):
        self.material, self.labels = material, labels
        self.seconds: dict[str, list[float]] = {}
        self._run: dict[str, Cost] = {}

    def next_run(self) -> None:
        """Measure everything anew from here on."""
        self._run.clear()

    def cost(self, name: str, make: Callable[[], Cost]) -> Cost:
        """What ``make`` costs in this run."""
        if name not in self._run:
            self._run[name] = make()
            self.seconds.setdefault(name, []).append(self._run[name].wall_s)
        return self._run[name]

    def infer(self, source: Path, *options: str | Path, one_core: bool = False) -> Cost:
        """Clean ``source`` next to it."""
        target = self.material.folder / f"cleaned{source.suffix}"
        output: list[str | Path] = [] if "--dry-run" in options else ["-o", target]
        command = python(ROOT / "infer.py", source, "--quiet", "--force", *output, *options)
        name = _name("infer.py", source.name, *options, one_core=one_core)
        return self.cost(name, lambda: cost_of(command, one_core))

    def transcode(self, source: Path, one_core: bool = False) -> Cost:
        """FFmpeg's own: the same codec at the same quality."""
        options: list[str | Path] = ["-c:a", "pcm_s16le"] if source.suffix == ".wav" else []
        if source.suffix == ".mp3":
            options = [*_mp3_options(source)]
        target = self.material.folder / f"plain{source.suffix}"
        command = [self.material.ffmpeg, "-v", "error", "-y", "-i", source, *options, target]
        name = _name("ffmpeg", source.name, one_core=one_core)
        return self.cost(name, lambda: cost_of(command, one_core))

    def decode_and_resample_s(self) -> float:
        """Seconds on one core, start-up apart."""
        source = self.material.long_mp3
        command = python("-c", _DECODE_AND_RESAMPLE, source)
        name = _name("PyAV, decode and resample", source.name, one_core=True)
        return self.cost(name, lambda: cost_of(command, one_core=True)).wall_s - self.imported_s("av")

    def analysis_s(self) -> float:
        """Seconds for deciding on the long recording, start-up apart."""
        start_up = self.infer(self.material.second_wav, "--dry-run").wall_s
        return self.infer(self.material.long_mp3, "--dry-run").wall_s - start_up

    def imported_s(self, package: str) -> float:
        """Seconds for starting Python and importing a package."""
        command = python("-c", f"import {package}")
        return self.cost(f"import {package}", lambda: cost_of(command)).wall_s

    def check_torch_is_not_needed(self) -> None:
        """Raise RuntimeError where the shipped weights import torch."""
        cost_of(python("-c", _IS_TORCH_FREE, self.material.second_wav, "--dry-run", "--quiet"))


def _name(*parts: str | Path, one_core: bool = False) -> str:
    words = [part.name if isinstance(part, Path) else part for part in parts]
    return " ".join(words) + (", one core" if one_core else "")


def _mp3_options(source: Path) -> list[str]:
    """FFmpeg's for the kind of bit rate that this tool would write ``source`` with."""
    command = [sys.executable, "-c", _MP3_OPTIONS, str(source)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
