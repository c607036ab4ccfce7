"""Why nothing was proven, or the opposite was."""


class EngineMissingError(Exception):
    """Nothing can be proven on this machine. The message says what is missing, then what to do."""


class StepError(Exception):
    """A step of the proof failed. The message has the end of its output."""
