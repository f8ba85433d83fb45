"""Knows the outputs: where people read about a WebDriver session."""
