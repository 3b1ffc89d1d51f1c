"""Mp3 down to its frames: read from tags, copied from a recording, encoded in stretches, joined."""
