"""Speech, events, rooms and backgrounds -> training episodes with exact truth, and their pool."""
