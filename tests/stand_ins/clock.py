"""Time that passes only when someone waits, and then at once."""

from __future__ import annotations

from threading import Event, Lock

from rayfleet.azure.faults import Patience

_BEGAN = 1000.0  # no zero, which hides whether one time is taken from another


class Time:
    """It begins at 1,000 s, and ``passed`` are those since. ``waits`` are the seconds of every wait; ``stop`` is set in
    that of the number ``stop_at``.
    """

    def __init__(self, stop_at: int | None = None) -> None:
        self.now = _BEGAN
        self.waits: list[float] = []
        self.stop = Event()
        self._stop_at = stop_at
        self._lock = Lock()

    def wait(self, seconds: float) -> None:
        with self._lock:
            self.now += seconds
            self.waits.append(seconds)
            if self._stop_at is not None and len(self.waits) >= self._stop_at:
                self.stop.set()

    @property
    def passed(self) -> float:
        return self.now - _BEGAN

    @property
    def patience(self) -> Patience:
        return Patience(self.stop, lambda: self.now, self.wait)
