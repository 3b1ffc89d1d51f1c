import numpy as np
import pytest

from cleaner.audio.clips import clip_info, read_clip, write_clip
from cleaner.errors import AudioFileError, WriteError

EDGES = {
    "uint8": np.array([[0, 127, 128, 255], [1, 2, 3, 4]], np.uint8),
    "int16": np.array([[-32768, -1, 0, 32767]], np.int16),
    "int32": np.array([[-(2**31), -1, 0, 2**31 - 1]], np.int32),
    "float32": np.array([[-1.5, -1.0, 0.1, 1.5]], np.float32),
    "float64": np.array([[-1.0, 1e-12, 0.1, 1.0]], np.float64),
}


@pytest.mark.parametrize("name", EDGES)
def test_a_clip_is_read_as_it_was_written(tmp_path, name):
    write_clip(tmp_path / "a.wav", EDGES[name], 22_050)
    samples, rate_hz = read_clip(tmp_path / "a.wav")
    assert rate_hz == 22_050 and samples.dtype == EDGES[name].dtype
    assert np.array_equal(samples, EDGES[name])
    assert clip_info(tmp_path / "a.wav") == (4, 22_050, len(EDGES[name]))


def test_24_bit_sound_stays_24_bit(tmp_path):
    samples = np.array([[-(2**31), 256, 2**31 - 256]], np.int32)
    write_clip(tmp_path / "a.wav", samples, 8_000, bits=24)
    assert np.array_equal(read_clip(tmp_path / "a.wav")[0], samples)
    assert (tmp_path / "a.wav").stat().st_size == 44 + 9 + 1


def test_eight_channels_and_an_empty_clip(tmp_path):
    many = np.arange(80, dtype=np.int16).reshape(8, 10)
    write_clip(tmp_path / "many.wav", many, 48_000)
    assert np.array_equal(read_clip(tmp_path / "many.wav")[0], many)
    write_clip(tmp_path / "none.wav", many[:, :0], 48_000)
    assert read_clip(tmp_path / "none.wav")[0].shape == (8, 0)


def test_what_is_no_wav_file_is_named_in_one_line(tmp_path):
    (tmp_path / "text.wav").write_text("not a sound")
    with pytest.raises(AudioFileError, match=r"text\.wav cannot be read as a wav file"):
        read_clip(tmp_path / "text.wav")
    with pytest.raises(AudioFileError, match=r"none\.wav is missing"):
        clip_info(tmp_path / "none.wav")
    with pytest.raises(WriteError, match=r"nowhere.*cannot be written"):
        write_clip(tmp_path / "nowhere" / "a.wav", EDGES["int16"], 8_000)
