"""What can go wrong for a user: one line that names the thing, and the exit code it means.

Anything else that is raised is a bug and keeps its traceback.
"""


class CleanerError(Exception):
    """A user's mistake or a bad file; the message is one complete line."""

    exit_code = 1


class SystemRefusal(CleanerError):
    """What the operating system refused: a file that is gone, a folder that is a file, a name too long."""

    def __init__(self, error: OSError):
        named = f"{error.filename}: " if error.filename else ""
        super().__init__(f"{named}{error.strerror or error}")


class UsageError(CleanerError):
    """An option or a combination of options that cannot be meant."""

    exit_code = 2


class WriteError(CleanerError):
    """A file that cannot be written: the disk is full, or the folder is not ours."""


class AudioFileError(CleanerError):
    """A sound file that cannot be read or written."""


class CheckpointError(CleanerError):
    """A checkpoint that is missing, foreign, of another feature set, or not plain data."""


class CutListError(CleanerError):
    """A cut list that is broken, overlapping, has gaps, or belongs to another recording."""


class LabelsError(CleanerError):
    """Labels or clips that are broken or do not belong together."""


class TrainingError(CleanerError):
    """Training that came to nothing: it diverged."""


class ImportFormatError(CleanerError):
    """A label file made elsewhere that does not hold what its format promises."""


class NothingToKeep(CleanerError):
    """Nothing but silence: the result would be empty."""

    exit_code = 3
