"""A page for each saved session: its video, and in one list what happened in it, each at its second."""
